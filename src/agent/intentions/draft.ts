/** An intention as a request asks for it, checked before anything is stored. */

import { precedenceOf } from '../../intentions/index.ts';
import type { IntentionSource } from '../state/tables.ts';
import { checkPermissions } from './permissions.ts';
import type { ServiceName } from './view.ts';

export interface IntentionDraft {
  readonly source: ServiceName;
  readonly destination: ServiceName;
  /** Empty: `consul`. */
  readonly sourceType: string;
  /** Empty beside permissions. */
  readonly action: string;
  readonly permissions: readonly unknown[];
  readonly description: string;
  readonly meta: Readonly<Record<string, string>>;
  /** Members that name sources of another kind, in Consul's spelling: `Peer`, `Partition`, `SamenessGroup`. */
  readonly unknown: Readonly<Record<string, unknown>>;
}

const longestText = 512;
const longestMetaKey = 128;
const mostMeta = 64;

/** Every problem of the draft by itself, in Consul's words and order. */
export function problemsOf(draft: IntentionDraft): string[] {
  return [
    ...(draft.source.name === '' ? ['SourceName must be set'] : []),
    ...(draft.destination.name === '' ? ['DestinationName must be set'] : []),
    ...problemsOfName('Source', draft.source),
    ...problemsOfName('Destination', draft.destination),
    ...problemsOfText(draft),
    ...problemsOfAction(draft),
    ...(draft.sourceType === '' || draft.sourceType === 'consul' ? [] : [`SourceType must be set to 'consul'`]),
  ];
}

/** The draft as a source of its destination's row. */
export function sourceFrom(draft: IntentionDraft): IntentionSource {
  const { source, destination, action, permissions, description, meta, unknown } = draft;
  return {
    name: source.name,
    ...(source.namespace === 'default' ? {} : { namespace: source.namespace }),
    type: 'consul',
    ...(action === 'allow' || action === 'deny' ? { action } : {}),
    ...(permissions.length > 0 ? { permissions } : {}),
    precedence: precedenceOf({
      sourceNamespace: source.namespace,
      source: source.name,
      destinationNamespace: destination.namespace,
      destination: destination.name,
    }),
    ...(description === '' ? {} : { description }),
    ...(Object.keys(meta).length > 0 ? { legacyMeta: meta } : {}),
    ...(Object.keys(unknown).length > 0 ? { unknown } : {}),
  };
}

function problemsOfName(end: 'Source' | 'Destination', { namespace, name }: ServiceName): string[] {
  const partial = (text: string) => text !== '*' && text.includes('*');
  const words = `wildcard character '*' cannot be used with partial values`;
  if (partial(namespace)) return [`${end}NS: ${words}`];
  if (partial(name)) return [`${end}Name: ${words}`];
  if (namespace === '*' && name !== '*') return [`${end}Name: exact value cannot follow wildcard namespace`];
  if (end === 'Destination' && namespace !== 'default')
    return ['DestinationNS: this agent knows the namespace "default" only'];
  return [];
}

function problemsOfText({ description, meta }: IntentionDraft): string[] {
  const entries = Object.entries(meta);
  return [
    ...(description.length > longestText ? [`Description exceeds maximum length ${longestText}`] : []),
    ...(entries.length > mostMeta ? [`Meta exceeds maximum element count ${mostMeta}`] : []),
    ...entries.flatMap(([key, value]) => [
      ...(key.length > longestMetaKey
        ? [`Meta key ${JSON.stringify(key)} exceeds maximum length ${longestMetaKey}`]
        : []),
      ...(value.length > longestText
        ? [`Meta value for key ${JSON.stringify(key)} exceeds maximum length ${longestText}`]
        : []),
    ]),
  ];
}

function problemsOfAction({ action, permissions, destination }: IntentionDraft): string[] {
  if (permissions.length === 0) {
    return action === 'allow' || action === 'deny' ? [] : [`Action must be set to 'allow' or 'deny'`];
  }
  if (action !== '') return ['Action must be omitted if Permissions are specified'];
  if (destination.name === '*') return ['Permissions cannot be specified on intentions with wildcarded destinations'];
  return permissions.flatMap((permission, at) => {
    const problem = checkPermissions(permission);
    return problem === undefined ? [] : [`Permissions[${at}].${problem}`];
  });
}
