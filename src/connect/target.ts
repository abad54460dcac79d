import { InputError } from '../base/index.ts';
import type { ResolveTarget } from './resolver.ts';

/** What a user may name as the other end of a dial. A text is a service's name, or a host as in a URL. */
export type Target =
  | string
  | { readonly service: string; readonly datacenter?: string }
  | { readonly query: string; readonly datacenter?: string }
  /** A known address, `host:port`, and the SPIFFE ID that it must prove. */
  | { readonly address: string; readonly spiffeId: string };

export interface FixedTarget {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly spiffeId: string;
}

/** Throws InputError. */
export function readTarget(target: Target): ResolveTarget | FixedTarget {
  if (typeof target === 'string') return target.endsWith('.consul') ? targetOfHost(target) : named({ service: target });
  return 'address' in target ? fixed(target) : named(target);
}

/**
 * `<name>.service[.<datacenter>].consul` or `<name>.query[.<datacenter>].consul`; URLs have lower-cased it. Throws InputError for all
 * else: a host that was meant for the mesh must never be looked up elsewhere.
 */
export function targetOfHost(host: string): ResolveTarget {
  const [, name, kind, datacenter] = /^([^.]+)\.(service|query)(?:\.([^.]+))?\.consul\.?$/i.exec(host) ?? [];
  if (name === undefined || kind === undefined)
    throw new InputError(
      'host',
      `expected <name>.service[.<datacenter>].consul or <name>.query[.<datacenter>].consul, found ${JSON.stringify(host)}`,
    );
  const where = datacenter === undefined ? {} : { datacenter };
  return kind.toLowerCase() === 'service' ? { service: name, ...where } : { query: name, ...where };
}

function named(target: ResolveTarget): ResolveTarget {
  const name = 'query' in target ? target.query : target.service;
  if (name === '') throw new InputError('target', 'expected the name of a service or of a query');
  if (name.includes('/'))
    throw new InputError('target', `${JSON.stringify(name)} has a "/", and no certificate can carry it`);
  return target;
}

function fixed({ address, spiffeId }: { readonly address: string; readonly spiffeId: string }): FixedTarget {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new InputError('target.address', `expected host:port, found ${JSON.stringify(address)}`);
  return { address, host, port: Number(port), spiffeId };
}
