/** Reads several URLs over and over, across restarts: what came with an index once must come with it again. */

import { hash } from 'node:crypto';
import { AgentClient } from './agent-client.ts';

const paths = [
  '/v1/health/service/w0-0',
  '/v1/health/service/w1-1',
  '/v1/health/state/any',
  '/v1/catalog/services',
  '/v1/catalog/nodes',
  '/v1/catalog/node/w2-2',
  '/v1/connect/intentions',
  '/v1/connect/intentions/match?by=destination&name=w0-0',
  '/v1/config/service-intentions',
  '/v1/acl/tokens',
  '/v1/acl/policies',
  '/v1/acl/roles',
  '/v1/agent/connect/ca/roots',
];

export class IndexWatch {
  /** By URL and index, a digest of the content: there are many, and some are long. */
  readonly #seen = new Map<string, string>();

  /** Until the agent is gone. Rejects when one index came with two contents. */
  async run(port: number): Promise<void> {
    using client = new AgentClient(port);
    for (;;) for (const path of paths) if (!(await this.#look(client, path))) return;
  }

  async lookOnce(port: number): Promise<void> {
    using client = new AgentClient(port);
    for (const path of paths) await this.#look(client, path);
  }

  /** False when the agent did not answer. */
  async #look(client: AgentClient, path: string): Promise<boolean> {
    const answer = await client.ask({ method: 'GET', path });
    if (answer === undefined) return false;
    const key = `${path} at index ${answer.index}`;
    const digest = hash('sha256', answer.text);
    const before = this.#seen.get(key);
    if (before !== undefined && before !== digest) throw new Error(`${key} was another before it was ${answer.text}`);
    this.#seen.set(key, digest);
    return true;
  }

  /** How many different ones were seen. */
  get size(): number {
    return this.#seen.size;
  }
}
