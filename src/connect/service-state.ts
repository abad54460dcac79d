/** What is true for one service, kept fresh from its agent: the ground on which the SDK and the sidecar stand. */

import { ApiError, type ConsulClient, watch } from '../api/index.ts';
import { Cell, type Closable, type Runtime } from '../base/index.ts';
import type { Authorization, Decision, Identity, Peer, Roots } from '../mtls/index.ts';
import { IdentityKeeper } from './identity.ts';
import { type Problem, Problems } from './problems.ts';
import { type Resolution, type ResolveTarget, startResolution } from './resolver.ts';
import { authorizationFrom, isSameAuthorization, matchingIntentions } from './rules.ts';

export interface ServiceState extends Closable {
  /** The name that the certificate carries. */
  readonly service: string;
  /** Undefined: not ready, because there is no good leaf yet or the last one expired. */
  readonly identity: Cell<Identity | undefined>;
  readonly roots: Cell<Roots | undefined>;
  readonly authorization: Cell<Authorization>;
  /** What is wrong now. Empty when all is well. */
  readonly problems: Cell<readonly Problem[]>;
  /** Asks the agent whether `peer` may connect. Rejects when there is no answer. */
  ask(peer: Peer, signal: AbortSignal): Promise<Decision>;
  /** Follows where `target` can be dialled, until the resolution or the state is closed. */
  resolve(target: ResolveTarget): Resolution;
  /** Tells others where the service accepts peers, where that is nobody else's business; resolves when they know. */
  announce?(port: number): Promise<Withdraw>;
}

/** Tells them that it has stopped. Never rejects. */
export type Withdraw = () => Promise<void>;

/** Takes back what was announced, also while that is still under way. Never rejects: whoever announced has heard of a failure. */
export async function withdraw(announced: Promise<Withdraw> | undefined): Promise<void> {
  const end = await announced?.catch(() => undefined);
  await end?.();
}

export interface ServiceStateOptions {
  readonly service: string;
  /** Stays the caller's. */
  readonly client: ConsulClient;
  readonly runtime: Runtime;
  /** Decide from intentions that are followed, or ask the agent for each connection. */
  readonly authorization: 'local' | 'agent';
}

/** Milliseconds between two looks at an agent that can't be waited for; every connection is asked for there anyway. */
const intentionsInterval = 30_000;

/** Follows the agent from now on and never gives up; look at `problems` and the cells for what has arrived. */
export function startServiceState({
  service,
  client,
  runtime,
  authorization: mode,
}: ServiceStateOptions): ServiceState {
  const closing = new AbortController();
  const { signal } = closing;
  const problems = new Problems(runtime.log.with({ service }));
  const keeper = new IdentityKeeper(service, runtime.clock, problems);
  const authorization = new Cell<Authorization>(
    mode === 'agent'
      ? { kind: 'ask' }
      : { kind: 'closed', reason: 'the agent has not said anything about intentions yet' },
  );
  const following = (what: string) => ({
    signal,
    runtime,
    onError: (error: unknown) => problems.reportFailure(what, error),
    onAnswer: () => problems.clear(what),
  });

  const followRoots = async (): Promise<void> => {
    for await (const roots of watch(client.roots, following('roots'))) keeper.setRoots(roots);
  };
  const followLeaf = async (): Promise<void> => {
    for await (const leaf of watch(client.leaf(service), following('leaf'))) keeper.offerLeaf(leaf);
  };
  const followIntentions = async (): Promise<void> => {
    const options = { ...following('intentions'), pollInterval: intentionsInterval };
    for await (const intentions of watch(matchingIntentions(client, service), options)) {
      const next = authorizationFrom(intentions);
      if (!isSameAuthorization(next, authorization.value)) authorization.set(next);
    }
  };
  const followed = Promise.all([
    followRoots(),
    followLeaf(),
    ...(mode === 'local' ? [followIntentions()] : []),
    keeper.watchClock(signal),
  ]);

  const ask = async (peer: Peer, asking: AbortSignal): Promise<Decision> => {
    try {
      const question = { target: service, uri: peer.spiffeId, serial: peer.serial };
      const { Authorized, Reason } = await client.authorize(question, AbortSignal.any([asking, signal]));
      problems.clear('authorize');
      return { allowed: Authorized, reason: Reason };
    } catch (error) {
      if (asking.aborted || signal.aborted) throw error;
      problems.reportFailure('authorize', error);
      // A clear no of another kind: the agent can't make sense of the peer, or the token may not ask.
      if (error instanceof ApiError && (error.status === 400 || error.status === 403))
        return { allowed: false, reason: error.message };
      throw error;
    }
  };

  const close = async (): Promise<void> => {
    closing.abort();
    await followed;
  };
  return {
    service,
    identity: keeper.identity,
    roots: keeper.roots,
    authorization,
    problems: problems.cell,
    ask,
    resolve: (target) => startResolution(target, { client, runtime, roots: keeper.roots, problems, signal }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
