/** What is written to an agent under test: kinds of things, each with its writes and with how the agent shows what became of them. */

import type { AgentClient, Request } from './agent-client.ts';

/** What a name stands for on the agent; undefined: nothing. */
export type State = string | undefined;
export type States = ReadonlyMap<string, State>;

export interface Write extends Request {
  /** By name, what the write makes of it. */
  readonly after: States;
}

/** What a write is made of. */
export interface Turn {
  /** Belongs to one writer alone. */
  readonly name: string;
  /** No other write of this writer has it. */
  readonly count: number;
  readonly known: States;
  readonly random: () => number;
  readonly client: AgentClient;
}

export interface Subject {
  /** How often it is chosen, beside the others. */
  readonly share: number;
  /** Undefined when the agent was gone before it was asked what a write needs to know. */
  choose(turn: Turn): Write | undefined | Promise<Write | undefined>;
  /** Everything of this kind that the agent shows. */
  readAll(client: AgentClient): Promise<readonly (readonly [string, string])[]>;
}

export function oneOf<T>(random: () => number, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}
