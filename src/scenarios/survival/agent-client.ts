/** Talks to an agent that may be killed at any moment. */

import http from 'node:http';

/** Allowed everything. */
export const managementToken = '11111111-2222-3333-4444-555555555555';

export interface Request {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object | undefined;
}

export interface Answer {
  readonly text: string;
  readonly index: string;
}

/** One connection, kept open. */
export class AgentClient implements Disposable {
  readonly #port: number;
  readonly #connection = new http.Agent({ keepAlive: true, maxSockets: 1 });

  constructor(port: number) {
    this.#port = port;
  }

  /** Undefined when the connection ended before the answer did. Rejects when the answer is a refusal. */
  ask({ method, path, body }: Request): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: this.#port,
        agent: this.#connection,
        method,
        path,
        headers: { 'X-Consul-Token': managementToken },
      };
      const request = http.request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', () => resolve(undefined));
        response.once('end', () => {
          if (response.statusCode === 200) resolve({ text, index: String(response.headers['x-consul-index']) });
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        });
      });
      request.once('error', () => resolve(undefined));
      request.end(body === undefined ? '' : JSON.stringify(body));
    });
  }

  /** What the agent shows there. Undefined as in `ask`. */
  async read<T>(path: string): Promise<T | undefined> {
    const answer = await this.ask({ method: 'GET', path });
    return answer && (JSON.parse(answer.text) as T);
  }

  /** The same of an agent that is not killed meanwhile. */
  async readSurely<T>(path: string): Promise<T> {
    const value = await this.read<T>(path);
    if (value === undefined) throw new Error(`the agent did not answer ${path}`);
    return value;
  }

  [Symbol.dispose](): void {
    this.#connection.destroy();
  }
}
