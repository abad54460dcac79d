/** What the holder of a token may do. Asked by every route; without ACLs the answer is always yes. */
export interface Authorizer {
  mayReadService(name: string): boolean;
  mayWriteService(name: string): boolean;
  mayReadNode(name: string): boolean;
  mayWriteNode(name: string): boolean;
  mayReadAgent(node: string): boolean;
  mayWriteAgent(node: string): boolean;
  /** Intentions whose destination is `destination`, or `*`. */
  mayReadIntentions(destination: string): boolean;
  mayWriteIntentions(destination: string): boolean;
  mayReadOperator(): boolean;
  mayWriteOperator(): boolean;
  /** Tokens, policies and roles themselves. */
  mayReadAcls(): boolean;
  mayWriteAcls(): boolean;
}

export const mayEverything: Authorizer = {
  mayReadService: () => true,
  mayWriteService: () => true,
  mayReadNode: () => true,
  mayWriteNode: () => true,
  mayReadAgent: () => true,
  mayWriteAgent: () => true,
  mayReadIntentions: () => true,
  mayWriteIntentions: () => true,
  mayReadOperator: () => true,
  mayWriteOperator: () => true,
  mayReadAcls: () => true,
  mayWriteAcls: () => true,
};
