/** A filter expression once it is read. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | Match;

export interface Match {
  readonly kind: 'match';
  /** `Meta.env` and `Meta["env"]` are both `['Meta', 'env']`. */
  readonly selector: readonly string[];
  readonly operator: Operator;
  /** As text, whatever it was written as; empty where the operator takes none. */
  readonly value: string;
}

/** Named as errors name them. `contains` is `In` with its sides exchanged. */
export type Operator =
  | 'Equal'
  | 'Not Equal'
  | 'In'
  | 'Not In'
  | 'Is Empty'
  | 'Is Not Empty'
  | 'Matches'
  | 'Not Matches';
