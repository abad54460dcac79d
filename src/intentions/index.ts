export type { Rule, Source, Verdict } from './intention.ts';
