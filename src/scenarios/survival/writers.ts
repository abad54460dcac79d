/**
 * Clients that write to an agent without pause, each to names of its own, and know what must be there: what was acknowledged, and of the
 * write that was cut off either all or nothing.
 */

import http from 'node:http';

/** What a name stands for on the agent; undefined: nothing. */
type State = string | undefined;

interface Write {
  readonly method: 'PUT' | 'DELETE';
  readonly path: string;
  readonly body: object | undefined;
  /** By name, what the write makes of it. */
  readonly after: ReadonlyMap<string, State>;
}

const namesOfEach = 5;

export class Writer {
  readonly #number: number;
  readonly #random: () => number;
  readonly #known = new Map<string, State>();
  #inDoubt: Write | undefined;
  #count = 0;

  constructor(number: number, random: () => number) {
    this.#number = number;
    this.#random = random;
  }

  /** Writes until the agent is gone. Rejects when it refuses something. */
  async run(port: number, onAcknowledged: () => void): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (;;) {
        const write = this.#choose();
        this.#inDoubt = write;
        if (!(await isAcknowledged(port, agent, write))) return;
        for (const [name, state] of write.after) this.#known.set(name, state);
        this.#inDoubt = undefined;
        onAcknowledged();
      }
    } finally {
      agent.destroy();
    }
  }

  /** Compares with what the agent shows after its restart, which is then what is known. Throws an error that names the loss. */
  verify(shown: ReadonlyMap<string, string>): void {
    const inDoubt = this.#inDoubt?.after ?? new Map<string, State>();
    const isDone = inDoubt.size > 0 && [...inDoubt].every(([name, state]) => shown.get(name) === state);
    if (isDone) for (const [name, state] of inDoubt) this.#known.set(name, state);
    this.#inDoubt = undefined;
    for (const [name, state] of this.#known) {
      if (shown.get(name) === state) continue;
      throw new Error(`${name} is ${shown.get(name) ?? 'gone'}, but ${state ?? 'its removal'} had been acknowledged`);
    }
  }

  #choose(): Write {
    this.#count += 1;
    const name = `w${this.#number}-${Math.floor(this.#random() * namesOfEach)}`;
    const isThere = this.#known.get(`service ${name}`) !== undefined;
    const dice = this.#random();
    if (dice < 0.3) return this.#intend(name, dice < 0.1);
    if (!isThere || dice < 0.5) return this.#register(name);
    return dice < 0.6 ? deregister(name) : this.#updateCheck(name);
  }

  #register(name: string): Write {
    const revision = `${this.#number}.${this.#count}`;
    const body = { Name: name, Meta: { revision }, Check: { TTL: '10h' } };
    const check = this.#known.get(`check ${name}`) ?? stateOfCheck('critical', '');
    const after = new Map([
      [`service ${name}`, revision],
      [`check ${name}`, check],
    ]);
    return { method: 'PUT', path: '/v1/agent/service/register', body, after };
  }

  #updateCheck(name: string): Write {
    const Status = ['passing', 'warning', 'critical'][Math.floor(this.#random() * 3)] ?? 'passing';
    const Output = `write ${this.#count}`;
    const after = new Map([[`check ${name}`, stateOfCheck(Status, Output)]]);
    return { method: 'PUT', path: `/v1/agent/check/update/service:${name}`, body: { Status, Output }, after };
  }

  #intend(name: string, isRemoval: boolean): Write {
    const path = `/v1/connect/intentions/exact?source=client&destination=${name}`;
    const key = `intention ${name}`;
    if (isRemoval) return { method: 'DELETE', path, body: undefined, after: new Map([[key, undefined]]) };
    const [Action, Description] = [this.#random() < 0.5 ? 'allow' : 'deny', `write ${this.#count}`];
    return { method: 'PUT', path, body: { Action, Description }, after: new Map([[key, `${Action}, ${Description}`]]) };
  }
}

function deregister(name: string): Write {
  const after = new Map<string, State>([
    [`service ${name}`, undefined],
    [`check ${name}`, undefined],
  ]);
  return { method: 'PUT', path: `/v1/agent/service/deregister/${name}`, body: undefined, after };
}

/** Everything that writers care for, as the agent shows it. */
export async function readAll(address: string): Promise<Map<string, string>> {
  const get = async (path: string): Promise<unknown> => (await fetch(`http://${address}${path}`)).json();
  const services = (await get('/v1/agent/services')) as Record<string, { Meta: { revision: string } }>;
  const checks = (await get('/v1/agent/checks')) as Record<
    string,
    { ServiceID: string; Status: string; Output: string }
  >;
  const intentions = (await get('/v1/connect/intentions')) as IntentionShown[];
  return new Map([
    ...Object.entries(services).map(([id, { Meta }]) => [`service ${id}`, Meta.revision] as const),
    ...Object.values(checks).map(
      (check) => [`check ${check.ServiceID}`, stateOfCheck(check.Status, check.Output)] as const,
    ),
    ...intentions.map((one) => [`intention ${one.DestinationName}`, `${one.Action}, ${one.Description}`] as const),
  ]);
}

interface IntentionShown {
  readonly DestinationName: string;
  readonly Action: string;
  readonly Description: string;
}

function stateOfCheck(status: string, output: string): string {
  return `${status}, ${output}`;
}

/** False when the connection ended before an answer. Rejects when the answer is a refusal. */
function isAcknowledged(port: number, agent: http.Agent, { method, path, body }: Write): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, agent, method, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', () => resolve(false));
      response.once('end', () => {
        if (response.statusCode === 200) resolve(true);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    request.once('error', () => resolve(false));
    request.end(body === undefined ? '' : JSON.stringify(body));
  });
}
