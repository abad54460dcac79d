/**
 * The filter language, from text to `Expression`. The grammar, blank by blank, is that of Consul's evaluator: `a == b`, `v in list`,
 * `list contains v`, `x is empty`, `x matches "…"`, their negations, `not`, `and`, `or` in rising order, and parentheses.
 * Source: Consul HTTP API, "Filtering".
 */

import type { Expression, Match, Operator } from './expression.ts';
import { FilterError } from './filter-error.ts';
import { Scanner } from './scanner.ts';
import { unquote } from './unquote.ts';

/** Longer ones are refused, and so is deeper nesting: nobody writes them, and each costs. */
const longestExpression = 8_192;
const deepestNesting = 100;

/** Throws a FilterError that says where and why. Takes a time in proportion to the text's length. */
export function parseExpression(text: string): Expression {
  if (text.length > longestExpression) {
    throw new FilterError(`the expression has ${text.length} characters; at most ${longestExpression} are taken`);
  }
  return new Parser(text).parse();
}

/** Each method reads what its name says, or gives undefined; the caller then goes back to where it was. */
class Parser {
  readonly #scanner: Scanner;
  #depth = 0;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
  }

  parse(): Expression {
    this.#scanner.space();
    const found = this.#or();
    this.#scanner.space();
    if (found === undefined || !this.#scanner.isAtEnd()) throw this.#scanner.noMatch();
    return found;
  }

  #or(): Expression | undefined {
    return this.#chain('or', () => this.#and());
  }

  #and(): Expression | undefined {
    return this.#chain('and', () => this.#not());
  }

  #chain(word: 'and' | 'or', operand: () => Expression | undefined): Expression | undefined {
    const first = operand();
    if (first === undefined) return undefined;
    const operands = [first];
    for (;;) {
      const next = this.#attempt(() => (this.#spaced(word) ? operand() : undefined));
      if (next === undefined) return operands.length === 1 ? first : { kind: word, operands };
      operands.push(next);
    }
  }

  #not(): Expression | undefined {
    const negated = this.#attempt(() =>
      this.#scanner.literal('not') && this.#scanner.space() ? this.#nested(() => this.#not()) : undefined,
    );
    // What begins with `not` can also be a selector or a value of that name.
    return negated === undefined ? (this.#group() ?? this.#match()) : { kind: 'not', operand: negated };
  }

  #group(): Expression | undefined {
    return this.#attempt(() => {
      if (!this.#scanner.literal('(')) return undefined;
      this.#scanner.space();
      const inner = this.#nested(() => this.#or());
      if (inner === undefined) return undefined;
      this.#scanner.space();
      if (!this.#scanner.literal(')')) throw this.#scanner.error('rule "grouping": Unmatched parentheses');
      return inner;
    });
  }

  #match(): Match | undefined {
    const selector = this.#selector();
    const value = selector?.join('.') ?? this.#number() ?? this.#string();
    if (value === undefined) return undefined;
    const operator = this.#operator(selector !== undefined);
    if (operator === 'in' || operator === 'not in') {
      const container = this.#selector();
      if (container === undefined) throw this.#scanner.error('rule "match": Invalid selector');
      return { kind: 'match', selector: container, operator: operator === 'in' ? 'In' : 'Not In', value };
    }
    if (operator === undefined || selector === undefined) return undefined;
    if (operator === 'Is Empty' || operator === 'Is Not Empty') return { kind: 'match', selector, operator, value: '' };
    const compared = this.#value();
    return compared === undefined ? undefined : { kind: 'match', selector, operator, value: compared };
  }

  /** With the blanks that belong to it. All but `in` have their selector on the left. */
  #operator(hasSelector: boolean): Operator | 'in' | 'not in' | undefined {
    const hasSpace = this.#scanner.space();
    const comparison = hasSelector ? this.#comparison() : undefined;
    if (comparison !== undefined || !hasSpace) return comparison;
    const emptiness = hasSelector ? this.#attempt(() => this.#emptiness()) : undefined;
    if (emptiness !== undefined) return emptiness;
    const isNegated = this.#word('not');
    if (hasSelector && this.#word('contains')) return isNegated ? 'Not In' : 'In';
    if (hasSelector && this.#word('matches')) return isNegated ? 'Not Matches' : 'Matches';
    if (!this.#word('in')) return undefined;
    return isNegated ? 'not in' : 'in';
  }

  #comparison(): Operator | undefined {
    const operator = this.#scanner.literal('==') ? 'Equal' : this.#scanner.literal('!=') ? 'Not Equal' : undefined;
    if (operator !== undefined) this.#scanner.space();
    return operator;
  }

  #emptiness(): Operator | undefined {
    if (!this.#word('is')) return undefined;
    if (this.#scanner.literal('empty')) return 'Is Empty';
    return this.#word('not') && this.#scanner.literal('empty') ? 'Is Not Empty' : undefined;
  }

  #value(): string | undefined {
    return this.#selector()?.join('.') ?? this.#number() ?? this.#string();
  }

  #selector(): string[] | undefined {
    const first = this.#identifier();
    if (first === undefined) return undefined;
    const path = [first];
    for (;;) {
      const next = this.#attempt(() => (this.#scanner.literal('.') ? this.#identifier() : this.#index()));
      if (next === undefined) return path;
      path.push(next);
    }
  }

  #identifier(): string | undefined {
    const first = this.#scanner.one(/[a-zA-Z]/, '[a-zA-Z]');
    return first === '' ? undefined : first + this.#scanner.many(/[a-zA-Z0-9_]/, '[a-zA-Z0-9_]');
  }

  /** `["any text"]` */
  #index(): string | undefined {
    if (!this.#scanner.literal('[')) return undefined;
    this.#scanner.space();
    const key = this.#string();
    if (key === undefined) throw this.#scanner.error('rule "index": Invalid index');
    this.#scanner.space();
    if (!this.#scanner.literal(']')) throw this.#scanner.error('rule "index": Unclosed index expression');
    return key;
  }

  #number(): string | undefined {
    const scanner = this.#scanner;
    const start = scanner.position;
    scanner.literal('-');
    const first = scanner.literal('0') ? '0' : scanner.one(/[1-9]/, '[1-9]');
    if (first === '') {
      scanner.position = start;
      return undefined;
    }
    if (first !== '0') scanner.many(/[0-9]/, '[0-9]');
    this.#attempt(() => (scanner.literal('.') && scanner.many(/[0-9]/, '[0-9]') !== '' ? true : undefined));
    if (!/^[ \t\r\n)]?$/.test(scanner.text.charAt(scanner.position))) {
      throw scanner.error('rule "number": Invalid number literal');
    }
    return scanner.text.slice(start, scanner.position);
  }

  #string(): string | undefined {
    const scanner = this.#scanner;
    const start = scanner.position;
    const isRaw = scanner.literal('`');
    if (!isRaw && !scanner.literal('"')) return undefined;
    const closed = isRaw ? /[^`]*`/y : /(?:[^"\\]|\\[\s\S])*"/y;
    closed.lastIndex = scanner.position;
    const rest = closed.exec(scanner.text)?.[0];
    if (rest === undefined) throw scanner.error('rule "string": Unterminated string literal', scanner.text.length);
    scanner.position += rest.length;
    const inner = rest.slice(0, -1);
    const value = isRaw ? inner.replaceAll('\r', '') : unquote(inner);
    if (value === undefined) throw scanner.error('rule "string": invalid syntax', start);
    return value;
  }

  /** A word and the blank after it. */
  #word(word: string): boolean {
    return this.#attempt(() => (this.#scanner.literal(word) && this.#scanner.space() ? true : undefined)) ?? false;
  }

  #spaced(word: string): boolean {
    return this.#scanner.space() && this.#word(word);
  }

  #attempt<T>(read: () => T | undefined): T | undefined {
    const { position } = this.#scanner;
    const found = read();
    if (found === undefined) this.#scanner.position = position;
    return found;
  }

  #nested<T>(read: () => T): T {
    if (this.#depth >= deepestNesting) throw this.#scanner.error(`nested more than ${deepestNesting} deep`);
    this.#depth += 1;
    const found = read();
    this.#depth -= 1;
    return found;
  }
}
