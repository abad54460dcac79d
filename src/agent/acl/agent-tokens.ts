/** Tokens of the agent itself: from its configuration, changed while it runs by `PUT /v1/agent/token/…`, and gone with it. */

import { Secret } from '../../base/index.ts';

export type AgentTokenName = 'default' | 'agent' | 'agentRecovery' | 'replication';

export class AgentTokens {
  readonly #tokens = new Map<AgentTokenName, Secret>();

  constructor(tokens: { readonly [Name in AgentTokenName]?: string | undefined } = {}) {
    for (const [name, token] of Object.entries(tokens)) this.set(name as AgentTokenName, token ?? '');
  }

  /** An empty one takes it away. */
  set(name: AgentTokenName, token: string): void {
    if (token === '') this.#tokens.delete(name);
    else this.#tokens.set(name, new Secret(token));
  }

  get(name: AgentTokenName): Secret | undefined {
    return this.#tokens.get(name);
  }
}
