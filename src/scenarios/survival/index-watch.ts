/** Reads several URLs over and over, across restarts: what came with an index once must come with it again. */

const paths = [
  '/v1/health/service/w0-0',
  '/v1/health/service/w1-1',
  '/v1/health/state/any',
  '/v1/catalog/services',
  '/v1/catalog/nodes',
  '/v1/connect/intentions',
  '/v1/connect/intentions/match?by=destination&name=w0-0',
  '/v1/agent/connect/ca/roots',
];

export class IndexWatch {
  readonly #seen = new Map<string, string>();

  /** Until the agent is gone. Rejects when one index came with two contents. */
  async run(address: string): Promise<void> {
    for (;;) {
      for (const path of paths) if (!(await this.look(address, path))) return;
    }
  }

  async lookOnce(address: string): Promise<void> {
    for (const path of paths) await this.look(address, path);
  }

  /** False when the agent did not answer. */
  async look(address: string, path: string): Promise<boolean> {
    const answer = await fetch(`http://${address}${path}`).catch(() => undefined);
    const body = await answer?.text().catch(() => undefined);
    if (answer === undefined || body === undefined) return false;
    const key = `${path} at index ${answer.headers.get('x-consul-index')}`;
    const before = this.#seen.get(key);
    if (before !== undefined && before !== body) throw new Error(`${key} was ${before} and is ${body}`);
    this.#seen.set(key, body);
    return true;
  }

  /** How many different ones were seen. */
  get size(): number {
    return this.#seen.size;
  }
}
