/**
 * May this peer connect, and may it stay? Decides from the authorization that was set last, by itself where it can, by a question
 * where it must; and when the authorization changes, decides again for every live peer and cuts exactly those now forbidden.
 */

import { type Backoff, type Clock, exponentialBackoff, messageOf } from '../base/index.ts';
import { compileRules, decide, type Rule, type RuleTable } from '../intentions/index.ts';
import { type Ask, askWithin, DefaultAnswer, orAborted } from './questions.ts';
import type { Authorization, Decision, Peer } from './state.ts';

export interface GatekeeperOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Puts the question to the agent. Rejects when there was no answer: that means no, but nothing is concluded from it. */
  readonly ask: Ask;
  /** Milliseconds for one question. */
  readonly askTimeout: number;
}

export interface AdmitOptions {
  /** The connection is over, or the drain is. */
  readonly signal: AbortSignal;
  /** Ends the connection because a later authorization forbids it. Called at most once, never before `admit` has allowed it. */
  cut(reason: string): void;
}

export interface Admission {
  readonly decision: Decision;
  /** The connection is over. Must be called for each that was allowed; may be called again. */
  leave(): void;
}

/** What can be said without asking; `default` asks for the one answer that holds for everybody whom no rule names. */
type Known = Decision | 'ask' | 'default';

interface Live {
  readonly peer: Peer;
  readonly cut: (reason: string) => void;
}

/** Questions at once, when live peers are decided again. */
const reviewWidth = 16;
/** Names remembered for one table. Only peers with a certificate of our CA get in here. */
const memoLimit = 10_000;

export class Gatekeeper {
  readonly #options: GatekeeperOptions;
  readonly #backoff: Backoff;
  readonly #closed = new AbortController();
  /** By SPIFFE ID: one decision serves all connections of a peer. */
  readonly #live = new Map<string, Set<Live>>();
  #authorization: Authorization = { kind: 'closed', reason: 'no rules yet' };
  #rules: RuleTable = compileRules([]);
  #memo = new Map<string, Known>();
  #default: DefaultAnswer;

  constructor(options: GatekeeperOptions) {
    this.#options = options;
    this.#backoff = exponentialBackoff(1_000, 30_000, options.random);
    this.#default = this.#defaultFor(this.#authorization);
  }

  /** Whom the new authorization forbids by itself is cut before this returns; where it must ask, once the answer is there. */
  set(authorization: Authorization): void {
    if (authorization === this.#authorization) return;
    this.#authorization = authorization;
    this.#rules = compileRules(authorization.kind === 'table' ? authorization.rules : []);
    this.#memo = new Map();
    this.#default = this.#defaultFor(authorization);
    this.#review();
  }

  /** Rejects with the signal's reason when it aborts first. */
  async admit(peer: Peer, { signal, cut }: AdmitOptions): Promise<Admission> {
    for (;;) {
      signal.throwIfAborted();
      const authorization = this.#authorization;
      const known = this.#know(peer);
      const decision = typeof known === 'object' ? known : await this.#learn(known, peer, signal);
      if (authorization !== this.#authorization) continue; // the answer belongs to what was true before
      signal.throwIfAborted();
      return { decision, leave: decision.allowed ? this.#enter({ peer, cut }) : () => undefined };
    }
  }

  /** Stops asking; whoever would have to be asked for is refused. Live peers stay. */
  close(): void {
    this.#closed.abort(new Error('closed'));
  }

  #enter(live: Live): () => void {
    const { spiffeId } = live.peer;
    const same = this.#live.get(spiffeId) ?? new Set();
    this.#live.set(spiffeId, same.add(live));
    return () => {
      same.delete(live);
      if (same.size === 0 && this.#live.get(spiffeId) === same) this.#live.delete(spiffeId);
    };
  }

  #cut(same: Set<Live>, reason: string): void {
    const all = [...same];
    same.clear();
    for (const { peer, cut } of all) {
      this.#live.delete(peer.spiffeId);
      cut(reason);
    }
  }

  #know(peer: Peer): Known {
    const authorization = this.#authorization;
    if (authorization.kind === 'closed') return { allowed: false, reason: authorization.reason };
    if (authorization.kind === 'ask') return 'ask';
    const name = `${peer.namespace}/${peer.service}`;
    let known = this.#memo.get(name);
    if (known === undefined) {
      known = this.#judge(peer, authorization);
      if (this.#memo.size >= memoLimit) this.#memo.clear();
      this.#memo.set(name, known);
    }
    return known === 'default' ? (this.#default.current ?? known) : known;
  }

  #judge(peer: Peer, { otherwise }: Authorization & { kind: 'table' }): Known {
    const verdict = decide(this.#rules, peer);
    if (verdict.decision === 'ask') return 'ask';
    if (verdict.decision !== 'none') return decisionOf(verdict.decision === 'allow', verdict.rule);
    return otherwise.kind === 'ask' ? 'default' : { allowed: otherwise.kind === 'allow', reason: otherwise.reason };
  }

  async #learn(how: 'ask' | 'default', peer: Peer, signal: AbortSignal): Promise<Decision> {
    try {
      return how === 'ask' ? await this.#ask(peer, signal) : await orAborted(this.#default.learn(peer), signal);
    } catch (error) {
      signal.throwIfAborted();
      return { allowed: false, reason: `could not be decided: ${messageOf(error)}` };
    }
  }

  #ask(peer: Peer, signal: AbortSignal): Promise<Decision> {
    const { ask, askTimeout } = this.#options;
    return askWithin(ask, askTimeout, peer, AbortSignal.any([signal, this.#closed.signal]));
  }

  #defaultFor(authorization: Authorization): DefaultAnswer {
    const { kind } = authorization;
    const keepFor = kind === 'table' && authorization.otherwise.kind === 'ask' ? authorization.otherwise.keepFor : 0;
    return new DefaultAnswer(
      (peer) => this.#ask(peer, this.#closed.signal),
      keepFor,
      this.#options.clock,
      () => authorization === this.#authorization && this.#review(),
    );
  }

  #review(): void {
    const open: Set<Live>[] = [];
    for (const same of [...this.#live.values()]) {
      const [first] = same;
      if (first === undefined) continue;
      const known = this.#know(first.peer);
      if (typeof known === 'string') open.push(same);
      else if (!known.allowed) this.#cut(same, known.reason);
    }
    if (open.length > 0) void this.#reviewByAsking(open, this.#authorization);
  }

  /** Who can't be decided because nobody answers stays, as long as that lasts: nothing has forbidden it. Never rejects. */
  async #reviewByAsking(open: Set<Live>[], authorization: Authorization): Promise<void> {
    const isOver = (): boolean => authorization !== this.#authorization || this.#closed.signal.aborted;
    let undecided = open;
    for (let failures = 1; !isOver(); failures += 1) {
      undecided = await this.#decideByAsking(undecided, isOver);
      if (undecided.length === 0) return;
      await this.#options.clock.sleep(this.#backoff(failures), this.#closed.signal);
    }
  }

  /** Gives back those about whom there was no answer. */
  async #decideByAsking(open: Set<Live>[], isOver: () => boolean): Promise<Set<Live>[]> {
    const undecided: Set<Live>[] = [];
    const waiting = open.values();
    const oneByOne = async (): Promise<void> => {
      for (const same of waiting) {
        const decision = isOver() ? undefined : await this.#askAgain(same);
        if (isOver()) return;
        if (decision === undefined) undecided.push(same);
        else if (!decision.allowed) this.#cut(same, decision.reason);
      }
    };
    await Promise.all(Array.from({ length: reviewWidth }, oneByOne));
    return undecided;
  }

  async #askAgain(same: ReadonlySet<Live>): Promise<Decision | undefined> {
    const [first] = same;
    if (first === undefined) return { allowed: true, reason: 'gone' };
    const known = this.#know(first.peer);
    if (typeof known === 'object') return known;
    try {
      return known === 'ask' ? await this.#ask(first.peer, this.#closed.signal) : await this.#default.learn(first.peer);
    } catch {
      return undefined;
    }
  }
}

function decisionOf(allowed: boolean, rule: Rule): Decision {
  const reason = `intention ${rule.action} ${rule.source} → ${rule.destination}, precedence ${rule.precedence}`;
  return { allowed, reason, ...(rule.id === undefined ? {} : { intentionId: rule.id }) };
}
