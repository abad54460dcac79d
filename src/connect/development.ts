/**
 * A mesh inside one process, for development without an agent: a throwaway CA, intentions and the places where services listen, shared
 * by all services that are started with `development: true`. Connections between them are real: mutual TLS over loopback.
 */

import { Cell, type Log } from '../base/index.ts';
import { precedenceOf, type Rule } from '../intentions/index.ts';
import type { Authorization, Identity, Instance, Roots } from '../mtls/index.ts';
import { formatServiceId } from '../pki/index.ts';
import type { ResolveTarget } from './resolver.ts';
import type { ServiceState } from './service-state.ts';

type ThrowawayCa = Awaited<ReturnType<typeof import('../issuing/index.ts')['createThrowawayCa']>>;

/** Intentions of the mesh in this process. Names, or `*`. What none of them decides is allowed, as without ACLs in Consul. */
export interface Development {
  allow(source: string, destination: string): void;
  deny(source: string, destination: string): void;
  /** Forgets all intentions. */
  reset(): void;
}

let sharedCa: Promise<ThrowawayCa> | undefined;
const rules = new Cell<readonly Rule[]>([]);
/** By service, the ports on loopback where it accepts peers. */
const places = new Cell<ReadonlyMap<string, readonly number[]>>(new Map());

export const development: Development = {
  allow: (source, destination) => setRule(source, destination, 'allow'),
  deny: (source, destination) => setRule(source, destination, 'deny'),
  reset: () => rules.set([]),
};

function setRule(source: string, destination: string, action: 'allow' | 'deny'): void {
  const others = rules.value.filter((rule) => rule.source !== source || rule.destination !== destination);
  const precedence = precedenceOf({
    source,
    sourceNamespace: 'default',
    destination,
    destinationNamespace: 'default',
  });
  rules.set([...others, { source, sourceNamespace: 'default', destination, action, precedence }]);
}

/** Loads what makes certificates; nothing else in the SDK does. */
export async function joinDevelopment(service: string, log: Log): Promise<ServiceState> {
  if (sharedCa === undefined)
    log.warn('development mode: a throwaway CA and intentions of this process only; not for production');
  sharedCa ??= import('../issuing/index.ts').then(({ createThrowawayCa }) => createThrowawayCa());
  const ca = await sharedCa;
  const closing = new AbortController();
  const authorization = new Cell<Authorization>(authorizationOf(service, rules.value));
  rules.subscribe((all) => authorization.set(authorizationOf(service, all)), closing.signal);
  const close = async (): Promise<void> => closing.abort();
  return {
    service,
    identity: new Cell<Identity | undefined>(await ca.issue(service)),
    roots: new Cell<Roots | undefined>(ca.roots),
    authorization,
    problems: new Cell<ServiceState['problems']['value']>([]),
    ask: async () => ({ allowed: false, reason: 'there is no agent to ask' }),
    resolve: (target) => {
      const instances = new Cell<readonly Instance[] | undefined>(undefined);
      const stop = places.subscribe(() => instances.set(instancesOf(target, ca)), closing.signal);
      return { instances, close: async () => stop() };
    },
    announce: async (port) => {
      place(service, [...(places.value.get(service) ?? []), port]);
      return async () =>
        place(
          service,
          (places.value.get(service) ?? []).filter((other) => other !== port),
        );
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function authorizationOf(service: string, all: readonly Rule[]): Authorization {
  const matching = all.filter(({ destination }) => destination === service || destination === '*');
  const otherwise = { kind: 'allow', reason: 'development mode allows what no intention decides' } as const;
  return { kind: 'table', rules: matching, otherwise };
}

function place(service: string, ports: readonly number[]): void {
  places.set(new Map(places.value).set(service, ports));
}

function instancesOf(target: ResolveTarget, { trustDomain, datacenter }: ThrowawayCa): readonly Instance[] {
  if ('query' in target) return [];
  const { service } = target;
  const spiffeId = formatServiceId({ trustDomain, namespace: 'default', datacenter, service });
  const ports = places.value.get(service) ?? [];
  return ports.map((port) => ({ id: `development/${service}`, host: '127.0.0.1', port, spiffeId, weight: 1 }));
}
