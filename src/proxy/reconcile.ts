/** From one configuration to the next: what to tell the data plane, and which upstreams to follow. Pure. */

import { isDeepStrictEqual } from 'node:util';
import type { Listener, Removal, Resource } from '../relay/index.ts';
import { formatAddress, formatTarget, type ProxyConfig, type ProxySettings, type UpstreamTarget } from './config.ts';

/** What the data plane should do, by name. */
export interface Plan {
  readonly listeners: ReadonlyMap<string, Listener>;
  /** The upstreams whose instances are needed. */
  readonly targets: ReadonlyMap<string, UpstreamTarget>;
}

export const nothing: Plan = { listeners: new Map(), targets: new Map() };

/** Inbound is called `inbound`; outbound listeners are called after the upstream and the address, which is theirs alone. */
export function planOf(config: ProxyConfig, { maxConnections }: ProxySettings): Plan {
  const listeners = new Map<string, Listener>();
  if (config.inbound !== undefined)
    listeners.set('inbound', { role: 'inbound', protocol: 'tcp', maxConnections, ...config.inbound });
  for (const { target, bind, connectTimeout } of config.upstreams) {
    const upstream = formatTarget(target);
    listeners.set(`${upstream} on ${formatAddress(bind)}`, {
      role: 'outbound',
      protocol: 'tcp',
      upstream,
      bind,
      connectTimeout,
      maxConnections,
    });
  }
  return { listeners, targets: new Map(config.upstreams.map(({ target }) => [formatTarget(target), target])) };
}

export interface Changes {
  /** To be carried out first: another listener may want the address. */
  readonly remove: readonly Removal[];
  readonly set: readonly Resource[];
  readonly unfollow: readonly string[];
  readonly follow: readonly UpstreamTarget[];
}

export function reconcile(current: Plan, wanted: Plan): Changes {
  const leaves = (name: string, { bind }: Listener): boolean =>
    !isDeepStrictEqual(wanted.listeners.get(name)?.bind, bind);
  const unfollow = [...current.targets.keys()].filter((name) => !wanted.targets.has(name));
  return {
    remove: [
      ...[...current.listeners]
        .filter(([name, listener]) => leaves(name, listener))
        .map(([name]) => ({ kind: 'listener', name }) as const),
      ...unfollow.map((upstream) => ({ kind: 'endpoints', upstream }) as const),
    ],
    set: [...wanted.listeners]
      .filter(([name, listener]) => !isDeepStrictEqual(current.listeners.get(name), listener))
      .map(([name, listener]) => ({ kind: 'listener', name, listener })),
    unfollow,
    follow: [...wanted.targets].filter(([name]) => !current.targets.has(name)).map(([, target]) => target),
  };
}
