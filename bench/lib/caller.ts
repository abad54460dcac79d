/** A client that costs little, so that the agent is what is measured. */

import http from 'node:http';

export interface Answer {
  readonly text: string;
  readonly index: string;
}

export class Caller implements Disposable {
  readonly #port: number;
  readonly #pool: http.Agent;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#pool = new http.Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Rejects unless the answer is a 200. */
  call(method: string, path: string, body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Length': Buffer.byteLength(body) };
      const options = { host: '127.0.0.1', port: this.#port, method, path, agent: this.#pool, headers };
      const request = http.request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () => {
          if (response.statusCode === 200) resolve({ text, index: String(response.headers['x-consul-index']) });
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        });
      });
      request.once('error', reject);
      request.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#pool.destroy();
  }
}

/** Calls `act` with 0, 1, … `count` - 1, `atOnce` at a time, until `until` (performance.now). Resolves with how many were done. */
export async function inParallel(
  count: number,
  atOnce: number,
  act: (at: number) => Promise<unknown>,
  until: number = Number.POSITIVE_INFINITY,
): Promise<number> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count && performance.now() < until) {
      next += 1;
      await act(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return next;
}
