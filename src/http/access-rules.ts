/** What an operator closes of an API, whoever asks and with whatever token. Source: Consul, "Agent configuration": `http_config`. */

import { BlockList, isIP } from 'node:net';
import { plainAddress } from './peer-address.ts';
import { HttpError } from './route.ts';

export interface AccessOptions {
  /** Beginnings of paths, percent-decoded: routes below them are closed. */
  readonly blockedPaths: readonly string[];
  /** Ranges of addresses (`10.0.0.0/8`). Other clients can only read; so can those of a Unix socket, which have no address. Empty: no such limit. */
  readonly writersFrom: readonly string[];
}

export class AccessRules {
  readonly #blockedPaths: readonly string[];
  /** Absent: everybody. */
  readonly #writers: BlockList | undefined;

  constructor({ blockedPaths, writersFrom }: AccessOptions) {
    this.#blockedPaths = blockedPaths;
    this.#writers = writersFrom.length === 0 ? undefined : rangesOf(writersFrom);
  }

  /** Throws the refusal of a path that is closed. */
  checkPath(decodedPath: string): void {
    if (this.#blockedPaths.some((start) => decodedPath.startsWith(start)))
      throw new HttpError(403, 'Endpoint is blocked by agent configuration');
  }

  /** Throws the refusal of a client that can only read. `remoteAddress` is undefined on a Unix socket. */
  checkMethod(method: string, remoteAddress: string | undefined): void {
    if (this.#writers === undefined || method === 'GET') return;
    if (remoteAddress === undefined || !includes(this.#writers, plainAddress(remoteAddress)))
      throw new HttpError(403, 'Access is restricted');
  }
}

/** Whether `text` is such a range. */
export function isAddressRange(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/%]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(bits) <= (version === 6 ? 128 : 32);
}

function rangesOf(cidrs: readonly string[]): BlockList {
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    ranges.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return ranges;
}

function includes(ranges: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && ranges.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
