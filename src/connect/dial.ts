/** Dialling a target: its instances, our certificate, one instance after the other, and errors that say what to do. */

import type { TLSSocket } from 'node:tls';
import { messageOf, startDeadline } from '../base/index.ts';
import { DialError, dialAny, type Instance, Loads, type Peer, peerOf } from '../mtls/index.ts';
import { ConnectError, type ConnectErrorCode } from './errors.ts';
import type { Ground } from './ground.ts';
import { notReadyError } from './readiness.ts';
import { explainRefusal } from './refusal.ts';
import { Resolutions } from './resolutions.ts';
import { nameOfTarget, type ResolveTarget, subjectOf } from './resolver.ts';
import { type FixedTarget, readTarget, type Target } from './target.ts';

export interface DialOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for everything: waiting for certificates and instances, and all attempts. Default 10 s. */
  readonly timeout?: number;
  /** Protocols to offer, such as `['h2']`. Offer none where a sidecar may answer, because it knows no protocol. */
  readonly alpn?: readonly string[];
}

/** Half-open, as from `net.connect` with `allowHalfOpen`. */
export type PeerSocket = TLSSocket & {
  /** What the far end has proved. */
  readonly peer: Peer;
};

export class Dialer {
  readonly #ground: Ground;
  readonly #resolutions: Resolutions;
  readonly #loads: Loads;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#resolutions = new Resolutions((target) => ground.state.resolve(target));
    this.#loads = new Loads(ground.runtime.clock);
  }

  /** Rejects with a `ConnectError`, with `InputError` for what can't be a target, or with the reason of the caller's signal. */
  async dial(target: Target, options: DialOptions = {}): Promise<PeerSocket> {
    return this.dialRead(readTarget(target), options);
  }

  async dialRead(
    target: ResolveTarget | FixedTarget,
    { signal, timeout = 10_000, alpn }: DialOptions,
  ): Promise<PeerSocket> {
    const late = new AbortController();
    const deadline = startDeadline(timeout, () => late.abort());
    const either = AbortSignal.any([late.signal, this.#ground.signal, ...(signal ? [signal] : [])]);
    try {
      return await this.#dial(target, either, { end: this.#ground.runtime.clock.now() + timeout, alpn });
    } catch (error) {
      throw late.signal.aborted ? this.#lateError(target, timeout) : error;
    } finally {
      deadline.cancel();
    }
  }

  async #dial(
    target: ResolveTarget | FixedTarget,
    signal: AbortSignal,
    { end, alpn }: { readonly end: number; readonly alpn: readonly string[] | undefined },
  ): Promise<PeerSocket> {
    const { mtls, runtime } = this.#ground;
    const instances = await this.#instancesOf(target, signal);
    const state = await mtls.until((now) => now !== undefined, signal);
    try {
      const { instance, socket } = await dialAny(instances, state, {
        signal,
        loads: this.#loads,
        end,
        clock: runtime.clock,
        random: runtime.random,
        ...(alpn === undefined ? {} : { alpn }),
      });
      explainRefusal(socket, nameOf(target), instance);
      return Object.assign(socket, { peer: provenBy(socket) });
    } catch (error) {
      throw error instanceof AggregateError ? failedError(target, error) : error;
    }
  }

  async #instancesOf(target: ResolveTarget | FixedTarget, signal: AbortSignal): Promise<readonly Instance[]> {
    if ('address' in target) {
      const { address, host, port, spiffeId } = target;
      return [{ id: address, host, port, spiffeId, weight: 1 }];
    }
    const instances = await this.#resolutions.of(target).instances.until((now) => now !== undefined, signal);
    if (instances.length > 0) return instances;
    throw new ConnectError(
      'NO_INSTANCE',
      `dialing ${nameOf(target)}: it has no healthy instance in the mesh; is it registered, with a sidecar or as Connect-native, and do its checks pass?`,
    );
  }

  #lateError(target: ResolveTarget | FixedTarget, timeout: number): ConnectError {
    if (this.#ground.mtls.value === undefined) {
      const { code, message } = notReadyError(this.#ground);
      return new ConnectError(code, `dialing ${nameOf(target)}: ${message}`);
    }
    const problem = this.#ground.state.problems.value.find(
      ({ what }) => !('address' in target) && what === subjectOf(target),
    );
    if (problem !== undefined) return new ConnectError(problem.code, `dialing ${nameOf(target)}: ${problem.reason}`);
    return new ConnectError('TIMEOUT', `dialing ${nameOf(target)}: no connection within ${timeout} ms`);
  }
}

function nameOf(target: ResolveTarget | FixedTarget): string {
  return 'address' in target ? target.address : nameOfTarget(target);
}

function provenBy(socket: TLSSocket): Peer {
  const peer = peerOf(socket);
  if (peer === undefined) throw new Error('a socket was dialled without an identity');
  return peer;
}

function failedError(target: ResolveTarget | FixedTarget, cause: AggregateError): ConnectError {
  const codes = cause.errors.map((error) => (error instanceof DialError ? codeOf(error) : 'NO_INSTANCE'));
  const code = (['IDENTITY_MISMATCH', 'REFUSED_BY_PEER'] as const).find((one) => codes.includes(one)) ?? 'NO_INSTANCE';
  return new ConnectError(code, `dialing ${nameOf(target)}: ${messageOf(cause)}`, { cause });
}

/** A TLS 1.2 peer that refuses us does so during the handshake. */
function codeOf({ stage }: DialError): ConnectErrorCode {
  return stage === 'identity' ? 'IDENTITY_MISMATCH' : stage === 'handshake' ? 'REFUSED_BY_PEER' : 'NO_INSTANCE';
}
