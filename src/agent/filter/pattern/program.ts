/** A pattern as a machine whose states are all followed at once, which takes a time in proportion to the text. */

import { FilterError } from '../filter-error.ts';
import type { CharacterTest, PatternNode, Place } from './node.ts';

export type Instruction =
  | { readonly kind: 'character'; readonly fits: CharacterTest; readonly next: number }
  | { readonly kind: 'place'; readonly place: Place; readonly next: number }
  | { readonly kind: 'fork'; readonly ways: readonly number[] }
  | { readonly kind: 'done' };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
}

const mostInstructions = 5_000;
/** Repetitions of what is empty make no instruction, and still are work. */
const mostParts = 50_000;

/** Throws a FilterError when the repetitions in `pattern` make it too large. */
export function compileProgram(pattern: PatternNode): Program {
  const instructions: Instruction[] = [];
  let parts = 0;
  const add = (instruction: Instruction): number => {
    if (instructions.length >= mostInstructions) throw tooLarge();
    return instructions.push(instruction) - 1;
  };

  /** Where `node` begins, when what follows it begins at `next`. */
  const emit = (node: PatternNode, next: number): number => {
    parts += 1;
    if (parts > mostParts) throw tooLarge();
    switch (node.kind) {
      case 'character':
        return add({ kind: 'character', fits: node.fits, next });
      case 'place':
        return add({ kind: 'place', place: node.place, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => emit(part, after), next);
      case 'choice':
        return add({ kind: 'fork', ways: node.parts.map((part) => emit(part, next)) });
      case 'repeat':
        return emitRepeat(node.part, node.least, node.most, next);
    }
  };

  const emitRepeat = (part: PatternNode, least: number, most: number | undefined, next: number): number => {
    let start = most === undefined ? emitLoop(part, next) : next;
    for (let optional = most ?? least; optional > least; optional -= 1) {
      start = add({ kind: 'fork', ways: [emit(part, start), next] });
    }
    for (let required = least; required > 0; required -= 1) start = emit(part, start);
    return start;
  };

  const emitLoop = (part: PatternNode, next: number): number => {
    const ways: number[] = [];
    const fork = add({ kind: 'fork', ways });
    ways.push(emit(part, fork), next);
    return fork;
  };

  return { instructions, start: emit(pattern, add({ kind: 'done' })) };
}

function tooLarge(): FilterError {
  return new FilterError('error parsing regexp: expression too large');
}
