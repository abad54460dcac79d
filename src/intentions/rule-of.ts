import type { Rule } from './intention.ts';

/** What is known of an intention, wherever it was read. Absent and empty mean the same. */
export interface IntentionFields {
  readonly id?: string | undefined;
  readonly source: string;
  readonly sourceNamespace?: string | undefined;
  /** `consul`, the only type there is so far. */
  readonly sourceType?: string | undefined;
  readonly destination: string;
  readonly action?: string | undefined;
  readonly permissions?: readonly unknown[] | undefined;
  readonly precedence: number;
  readonly sourcePeer?: string | undefined;
  readonly sourcePartition?: string | undefined;
  readonly sourceSamenessGroup?: string | undefined;
  readonly jwt?: unknown;
}

/** The rule as it applies to a connection of which we know the source's name and nothing of what it says. */
export function ruleOf(intention: IntentionFields): Rule {
  const { id, permissions } = intention;
  const origin = originOf(intention);
  return {
    source: intention.source,
    sourceNamespace: intention.sourceNamespace || 'default',
    action: actionOf(intention),
    destination: intention.destination,
    precedence: intention.precedence,
    ...(id ? { id } : {}),
    ...(permissions?.length ? { permissions: permissions.length } : {}),
    ...(origin === undefined ? {} : { origin }),
  };
}

function actionOf(intention: IntentionFields): Rule['action'] {
  const { action, sourceType, permissions } = intention;
  const isEvaluated = (!sourceType || sourceType === 'consul') && originOf(intention) === undefined && !intention.jwt;
  if (!isEvaluated) return 'unknown';
  // Permissions are about requests. A connection has none yet, whatever they allow.
  if (permissions?.length) return 'deny';
  return action === 'allow' || action === 'deny' ? action : 'unknown';
}

function originOf(intention: IntentionFields): string | undefined {
  const { sourcePeer: peer, sourcePartition: partition, sourceSamenessGroup: group } = intention;
  if (peer) return `peer ${peer}`;
  if (partition && partition !== 'default') return `partition ${partition}`;
  return group ? `sameness group ${group}` : undefined;
}
