/** An agent in this process, asked over its port as a client would. */

import { type AgentOptions, startAgent } from '../../agent/index.ts';
import { testRuntime } from '../../testing/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of the text. Untyped on purpose: a test reads what it is about and asserts the rest. */
  // biome-ignore lint/suspicious/noExplicitAny: the members are what is tested
  readonly json: any;
}

export interface AskedAgent extends AsyncDisposable {
  readonly port: number;
  readonly trustDomain: string;
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The JSON of a 200. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  get(path: string): Promise<any>;
  /** Throws when the answer is not 200. */
  put(path: string, body?: unknown): Promise<Answer>;
  rotateRoot(): Promise<void>;
}

export async function startAskedAgent(options: Partial<AgentOptions> = {}): Promise<AskedAgent> {
  const agent = await startAgent(
    { dev: true, nodeName: 'ours', http: [{ host: '127.0.0.1', port: 0 }], ...options },
    testRuntime(),
  );
  const { port } = agent.address;
  const ask: AskedAgent['ask'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      get json() {
        return JSON.parse(text);
      },
    };
  };
  const succeed = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await ask(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  };
  return {
    port,
    trustDomain: agent.trustDomain,
    ask,
    get: async (path) => (await succeed('GET', path)).json,
    put: (path, body) => succeed('PUT', path, body),
    rotateRoot: () => agent.rotateRoot(),
    [Symbol.asyncDispose]: () => agent.close(),
  };
}
