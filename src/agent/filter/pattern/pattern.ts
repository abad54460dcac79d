/** Whether a text has a part that a pattern fits. */

import type { Budget } from '../budget.ts';
import type { Place } from './node.ts';
import { parsePattern } from './parse-pattern.ts';
import { compileProgram, type Program } from './program.ts';

/** Throws a FilterError when `pattern` is none. */
export function compilePattern(pattern: string): (text: string, budget: Budget) => boolean {
  const program = compileProgram(parsePattern(pattern));
  return (text, budget) => new Search(program, text, budget).run();
}

/** No character: before the first and after the last. */
const none = -1;

class Search {
  readonly #program: Program;
  readonly #text: string;
  readonly #budget: Budget;
  /** The turn in which an instruction was reached last, so that it is followed once per turn. */
  readonly #reachedIn: Int32Array;
  #turn = 0;

  constructor(program: Program, text: string, budget: Budget) {
    this.#program = program;
    this.#text = text;
    this.#budget = budget;
    budget.spend(program.instructions.length >> 4);
    this.#reachedIn = new Int32Array(program.instructions.length);
  }

  run(): boolean {
    let before = none;
    let after = this.#text.codePointAt(0) ?? none;
    let waiting: number[] = [];
    for (let at = 0; ; ) {
      this.#turn += 1;
      waiting.push(this.#program.start); // the part may begin anywhere
      const reading = this.#reach(waiting, before, after);
      if (reading === undefined) return true;
      if (after === none) return false;
      waiting = this.#step(reading, after);
      at += after > 0xff_ff ? 2 : 1;
      before = after;
      after = this.#text.codePointAt(at) ?? none;
    }
  }

  /** From these instructions to all that read the next character; undefined when the end of the pattern is among them. */
  #reach(from: number[], before: number, after: number): number[] | undefined {
    const reading: number[] = [];
    let steps = 0;
    while (from.length > 0) {
      const number = from.pop() as number;
      if (this.#reachedIn[number] === this.#turn) continue;
      this.#reachedIn[number] = this.#turn;
      steps += 1;
      const instruction = this.#program.instructions[number];
      if (instruction === undefined || instruction.kind === 'done') return undefined;
      if (instruction.kind === 'character') reading.push(number);
      else if (instruction.kind === 'fork') from.push(...instruction.ways);
      else if (isAt(instruction.place, before, after)) from.push(instruction.next);
    }
    this.#budget.spend(steps);
    return reading;
  }

  #step(reading: readonly number[], character: number): number[] {
    const next: number[] = [];
    this.#budget.spend(reading.length);
    for (const number of reading) {
      const instruction = this.#program.instructions[number];
      if (instruction?.kind === 'character' && instruction.fits(character)) next.push(instruction.next);
    }
    return next;
  }
}

function isAt(place: Place, before: number, after: number): boolean {
  switch (place) {
    case 'text begin':
      return before === none;
    case 'text end':
      return after === none;
    case 'line begin':
      return before === none || before === 0x0a;
    case 'line end':
      return after === none || after === 0x0a;
    case 'word edge':
      return isWord(before) !== isWord(after);
    case 'no word edge':
      return isWord(before) === isWord(after);
  }
}

function isWord(character: number): boolean {
  return character !== none && /[0-9A-Za-z_]/.test(String.fromCodePoint(character));
}
