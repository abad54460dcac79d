/** From a token to what its holder may do. */

import { LRUCache } from 'lru-cache';
import type { Clock } from '../../base/index.ts';
import { HttpError } from '../../http/index.ts';
import type { Store } from '../state/store.ts';
import { type AclGrants, type AclPolicyRow, type AclTokenRow, digestOf, type Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import type { Access } from './access.ts';
import type { AgentTokens } from './agent-tokens.ts';
import type { Authorizer } from './authorizer.ts';
import { anonymousSecret } from './builtin.ts';
import { rulesOfIdentities } from './identities.ts';
import { parseRules } from './parse-rules.ts';
import { authorizerFrom } from './rule-authorizer.ts';
import { mergeRules, noRules, type Rules } from './rules.ts';

export interface AclsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly datacenter: string;
  readonly nodeName: string;
  readonly defaultPolicy: 'allow' | 'deny';
  readonly agentTokens: AgentTokens;
}

const topics = [topic.aclTokens, topic.aclPolicies, topic.aclRoles];
/** So many tokens' rights are kept at hand. */
const mostKnown = 2_000;

export class Acls {
  readonly agentTokens: AgentTokens;
  readonly #options: AclsOptions;
  readonly #known: LRUCache<string, Authorizer> = new LRUCache<string, Authorizer>({ max: mostKnown });
  /** Of the state that `#known` was made from. */
  #index = 0;
  readonly #compiled = new WeakMap<AclPolicyRow, Rules>();
  readonly #recovery: Authorizer;

  constructor(options: AclsOptions) {
    this.#options = options;
    this.agentTokens = options.agentTokens;
    this.#recovery = authorizerFrom(recoveryRules(options.nodeName), 'deny');
  }

  /** Of the holder of `token`; of who has none when it is empty. Throws HttpError 403 for a token that is not there (any more). */
  authorizerFor(token: string): Authorizer {
    const digest = digestOf(this.#effective(token));
    if (this.#isRecovery(digest)) return this.#recovery;
    const row = this.#find(digest);
    if (row === undefined) throw tokenNotFound();
    return this.#authorizerOf(digest, row);
  }

  /** The row of `token`; of who has none when it is empty. */
  tokenOf(token: string): Row<'aclTokens'> | undefined {
    return this.#find(digestOf(this.#effective(token)));
  }

  /** Throws an InputError in the words of Consul when `rules` can't be read. */
  checkRules(rules: string): void {
    parseRules(rules);
  }

  isExpired(row: AclTokenRow): boolean {
    return row.expirationTime !== undefined && Date.parse(row.expirationTime) <= this.#options.clock.now();
  }

  #effective(token: string): string {
    return token || (this.agentTokens.get('default')?.reveal() ?? anonymousSecret);
  }

  #isRecovery(digest: string): boolean {
    const recovery = this.agentTokens.get('agentRecovery');
    return recovery !== undefined && digestOf(recovery.reveal()) === digest;
  }

  #find(digest: string): Row<'aclTokens'> | undefined {
    const [row] = this.#options.store.table('aclTokens').by('secret', digest);
    return row === undefined || this.isExpired(row) ? undefined : row;
  }

  #authorizerOf(digest: string, row: AclTokenRow): Authorizer {
    const index = this.#options.store.indexOf(topics);
    if (index !== this.#index) this.#known.clear();
    this.#index = index;
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const authorizer = authorizerFrom(this.#rulesOf(row), this.#options.defaultPolicy);
    this.#known.set(digest, authorizer);
    return authorizer;
  }

  #rulesOf(token: AclTokenRow): Rules {
    const roles = this.#options.store.table('aclRoles');
    const grants: AclGrants[] = [token, ...token.roles.flatMap((id) => roles.get(id) ?? [])];
    return mergeRules(grants.flatMap((one) => this.#rulesOfGrants(one)));
  }

  #rulesOfGrants(grants: AclGrants): Rules[] {
    const { store, datacenter } = this.#options;
    const policies = grants.policies.flatMap((id) => store.table('aclPolicies').get(id) ?? []);
    return [
      ...policies
        .filter(({ datacenters = [] }) => datacenters.length === 0 || datacenters.includes(datacenter))
        .map((policy) => this.#compile(policy)),
      ...rulesOfIdentities(grants, datacenter),
    ];
  }

  /** A row is never changed, only replaced, so its rules are good for as long as the row is. */
  #compile(policy: AclPolicyRow): Rules {
    const known = this.#compiled.get(policy);
    if (known !== undefined) return known;
    const rules = parseRules(policy.rules);
    this.#compiled.set(policy, rules);
    return rules;
  }
}

/** For an agent whose store of tokens is out of reach or in disorder: to work on it, and to look around. */
function recoveryRules(nodeName: string): Rules {
  return {
    ...noRules,
    named: new Map([
      ['agent', { exact: new Map<string, Access>([[nodeName, 'write']]), prefix: new Map() }],
      ['node', { exact: new Map(), prefix: new Map<string, Access>([['', 'read']]) }],
    ]),
  };
}

/** In Consul's words; 403, as for a right that is missing. */
export function tokenNotFound(): HttpError {
  return new HttpError(403, 'ACL not found');
}
