/** Where a service can be dialled, and what each place must prove: watched, so that a dial asks nobody. */

import { type BlockingQuery, type ConsulClient, type ServiceEntry, watch } from '../api/index.ts';
import { Cell, type Runtime } from '../base/index.ts';
import type { Instance, Roots } from '../mtls/index.ts';
import { formatServiceId } from '../pki/index.ts';
import { Absence } from './absence.ts';
import type { Problems } from './problems.ts';

export type ResolveTarget =
  | { readonly service: string; readonly datacenter?: string | undefined }
  | { readonly query: string; readonly datacenter?: string | undefined };

export interface Resolution {
  /** Undefined until the agent has answered and the trust domain is known. The last answer stays while the agent is away. */
  readonly instances: Cell<readonly Instance[] | undefined>;
  close(): Promise<void>;
}

export interface ResolverOptions {
  readonly client: ConsulClient;
  readonly runtime: Runtime;
  readonly roots: Cell<Roots | undefined>;
  readonly problems: Problems;
  /** Aborts when the service closes. */
  readonly signal: AbortSignal;
}

/** Prepared queries can't be waited for. Milliseconds. */
const queryInterval = 5_000;

export function startResolution(target: ResolveTarget, options: ResolverOptions): Resolution {
  const { runtime, roots, problems } = options;
  const instances = new Cell<readonly Instance[] | undefined>(undefined);
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const what = subjectOf(target);
  let entries: readonly ServiceEntry[] | undefined;

  const update = (): void => {
    const trustDomain = roots.value?.trustDomain;
    if (entries !== undefined && trustDomain !== undefined) instances.set(instancesOf(entries, trustDomain));
  };
  const absence = new Absence();
  const follow = async (): Promise<void> => {
    const answers = watch(queryFor(target, options.client), {
      signal,
      runtime,
      pollInterval: queryInterval,
      onError: (error) => {
        absence.begin();
        problems.reportFailure(what, error);
      },
      onAnswer: () => problems.clear(what),
    });
    let newer = new AbortController();
    for await (const answer of answers) {
      newer.abort();
      newer = new AbortController();
      const doubt = absence.doubt(runtime.clock.now());
      const believe = (): void => {
        entries = answer;
        update();
      };
      if (answer.length > 0 || doubt === 0 || !entries?.length) believe();
      else void believeLater(believe, doubt, newer.signal);
    }
  };
  const believeLater = async (believe: () => void, doubt: number, newer: AbortSignal): Promise<void> => {
    const over = AbortSignal.any([signal, newer]);
    await runtime.clock.sleep(doubt, over);
    if (!over.aborted) believe();
  };
  roots.subscribe(update, signal);
  const followed = follow();
  const close = async (): Promise<void> => {
    closing.abort();
    await followed;
    problems.clear(what);
  };
  return { instances, close };
}

/** How problems with it are called. */
export function subjectOf(target: ResolveTarget): string {
  return `instances of ${nameOfTarget(target)}`;
}

export function nameOfTarget(target: ResolveTarget): string {
  const name = 'query' in target ? `query ${target.query}` : target.service;
  return target.datacenter === undefined ? name : `${name} in ${target.datacenter}`;
}

function queryFor(target: ResolveTarget, client: ConsulClient): BlockingQuery<readonly ServiceEntry[]> {
  const { datacenter } = target;
  if ('service' in target) return client.healthConnect(target.service, { datacenter });
  return async (_index, signal) => {
    const { Nodes } = await client.executeQuery(target.query, { datacenter }, signal);
    return { value: Nodes, index: 0, knownLeader: true };
  };
}

/** Only what can be dialled and has an identity to prove; the addresses are the real ones, never virtual ones. */
export function instancesOf(entries: readonly ServiceEntry[], trustDomain: string): readonly Instance[] {
  return entries.flatMap((entry) => {
    const { Node, Service } = entry;
    const spiffeId = spiffeIdOf(entry, trustDomain);
    const host = Service.Address || Node.Address;
    if (spiffeId === undefined || host === '' || Service.Port < 1 || Service.Port > 65_535) return [];
    const weight = Service.Weights?.Passing ?? 1;
    return { id: `${Node.Node}/${Service.ID}`, host, port: Service.Port, spiffeId, weight };
  });
}

/** The datacenter is that of the answer: a query may fail over to another one, whose leafs then name it. */
function spiffeIdOf({ Node, Service }: ServiceEntry, trustDomain: string): string | undefined {
  const service = Service.Proxy?.DestinationServiceName || (Service.Connect?.Native ? Service.Service : '');
  const datacenter = Node.Datacenter ?? '';
  if (Service.PeerName || service === '' || datacenter === '') return undefined;
  try {
    return formatServiceId({ trustDomain, namespace: 'default', datacenter, service });
  } catch {
    return undefined; // a name that no certificate can carry
  }
}
