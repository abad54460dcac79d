/** An expression that can't be used, in the words of Consul's evaluator. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}
