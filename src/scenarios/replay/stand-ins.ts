/**
 * What stands for what: recorded UUIDs, colon-hex IDs, indexes and content hashes are tied to ours as the answers come in, so that later
 * requests can name ours, and a later answer that mixes them up is noticed.
 */

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const colonHex = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){15,}\b/g;

type Headers = ReadonlyMap<string, string>;

export class StandIns {
  readonly #ids: Map<string, string>;
  readonly #indexes = new Map<string, string>();
  readonly #ports: ReadonlyMap<string, string>;

  /** `ids`: those that are known from the start. */
  constructor(ports: ReadonlyMap<string, string>, ids: ReadonlyMap<string, string> = new Map()) {
    this.#ports = ports;
    this.#ids = new Map(ids);
  }

  /** Ties the IDs found in `recorded` to those at the same places in `ours`. Texts of another shape tie nothing. */
  learn(recorded: string, ours: string): void {
    for (const pattern of [uuid, colonHex]) {
      const [theirs, own] = [recorded.match(pattern) ?? [], ours.match(pattern) ?? []];
      if (theirs.length !== own.length) continue;
      for (const [at, id] of theirs.entries()) {
        const mine = own[at];
        if (mine !== undefined && !this.#ids.has(id.toLowerCase())) this.#ids.set(id.toLowerCase(), mine);
      }
    }
  }

  /** Ties the index and the content hash with which a recorded answer to `target` came to those of ours. */
  learnHeaders(target: string, recorded: Headers, ours: Headers): void {
    const path = this.translate(target).split('?')[0] ?? '';
    const [index, ourIndex] = [recorded.get('x-consul-index'), ours.get('x-consul-index')];
    if (index !== undefined && ourIndex !== undefined) this.#indexes.set(`${path} ${index}`, ourIndex);
    const [hash, ourHash] = [recorded.get('x-consul-contenthash'), ours.get('x-consul-contenthash')];
    if (hash !== undefined && ourHash !== undefined) this.#ids.set(hash, ourHash);
  }

  /** `text` with every known recorded ID and port replaced by ours; upper case stays upper case. */
  translate(text: string): string {
    const replace = (id: string): string => {
      const mine = this.#ids.get(id.toLowerCase());
      return mine === undefined ? id : id === id.toUpperCase() && /[A-Z]/.test(id) ? mine.toUpperCase() : mine;
    };
    const port = (digits: string): string => this.#ports.get(digits) ?? digits;
    return text
      .replace(uuid, replace)
      .replace(colonHex, replace)
      .replace(/\b\d{5}\b/g, port);
  }

  /** The port itself, where it is a number. */
  translateNumber(value: number): number {
    return Number(this.#ports.get(String(value)) ?? value);
  }

  /** A recorded request target as we must ask it. */
  translateTarget(target: string): string {
    const [path = '', query] = this.translate(target).split('?');
    if (query === undefined) return path;
    const parts = query.split('&').map((part) => {
      const [name, value = ''] = part.split('=');
      if (name === 'index') return `index=${this.#indexes.get(`${path} ${value}`) ?? value}`;
      if (name === 'hash') return `hash=${this.#ids.get(value) ?? value}`;
      return part;
    });
    return `${path}?${parts.join('&')}`;
  }
}
