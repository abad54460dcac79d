import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/index.ts';
import { formatInstant } from '../instant.ts';
import type { Store } from '../state/store.ts';
import { Acls } from './acls.ts';
import { AgentTokens } from './agent-tokens.ts';
import { enterAcls } from './enter-acls.ts';

export interface AclConfig {
  /** Default: false, and then everybody may do everything. */
  readonly enabled: boolean;
  /** What is allowed where no rule says anything. Default: allow. */
  readonly defaultPolicy: 'allow' | 'deny';
  readonly tokens: {
    /** A token that may do everything, made if it is not there. Need not be a UUID. */
    readonly initialManagement?: string | undefined;
    /** For requests that come without one. Default: the anonymous token. */
    readonly default?: string | undefined;
    /** What Consul's agent registers its own node with; ours needs none. */
    readonly agent?: string | undefined;
    /** May work on this agent and read nodes, whatever else is amiss. */
    readonly agentRecovery?: string | undefined;
    /** Accepted for what it is in Consul; nothing is copied here. */
    readonly replication?: string | undefined;
  };
}

export interface OpenAclsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly datacenter: string;
  readonly nodeName: string;
}

/** Undefined when the agent is to run without. What is built in, and the configuration's own token, is on disk when it resolves. */
export async function openAcls(config: AclConfig, options: OpenAclsOptions): Promise<Acls | undefined> {
  if (!config.enabled) return undefined;
  const { initialManagement, ...tokens } = config.tokens;
  const now = formatInstant(options.clock.now());
  await enterAcls(options.store, { initialManagement, newId: randomUUID, now });
  return new Acls({
    ...options,
    defaultPolicy: config.defaultPolicy,
    agentTokens: new AgentTokens(tokens),
  });
}
