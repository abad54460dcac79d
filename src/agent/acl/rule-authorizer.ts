import { type Access, grants } from './access.ts';
import type { Authorizer } from './authorizer.ts';
import { accessTo, areAllGranted, isAnyGranted, noNameRules } from './name-rules.ts';
import { intentionRules, type NamedResource, type PlainResource, type Rules } from './rules.ts';

type Wanted = 'read' | 'write';

/** What `rules` allow, and where they say nothing, the default. ACLs themselves are never open by default. */
export function authorizerFrom(rules: Rules, defaultPolicy: 'allow' | 'deny'): Authorizer {
  const otherwise = defaultPolicy === 'allow';
  const decide = (access: Access | undefined, wanted: Wanted): boolean =>
    access === undefined ? otherwise : grants(access, wanted);
  const named =
    (resource: NamedResource, wanted: Wanted) =>
    (name: string): boolean =>
      decide(accessTo(rules.named.get(resource) ?? noNameRules, name), wanted);
  const plain = (resource: PlainResource, wanted: Wanted) => (): boolean => decide(rules.plain.get(resource), wanted);
  const acl = (wanted: Wanted) => (): boolean => grants(rules.plain.get('acl') ?? 'deny', wanted);
  const intentions = intentionRules(rules);
  return {
    mayReadService: named('service', 'read'),
    mayWriteService: named('service', 'write'),
    mayReadNode: named('node', 'read'),
    mayWriteNode: named('node', 'write'),
    mayReadAgent: named('agent', 'read'),
    mayWriteAgent: named('agent', 'write'),
    mayReadIntentions: (name) =>
      name === '*' ? (isAnyGranted(intentions, 'read') ?? otherwise) : decide(accessTo(intentions, name), 'read'),
    mayWriteIntentions: (name) =>
      name === '*' ? (areAllGranted(intentions, 'write') ?? otherwise) : decide(accessTo(intentions, name), 'write'),
    mayReadOperator: plain('operator', 'read'),
    mayWriteOperator: plain('operator', 'write'),
    mayReadAcls: acl('read'),
    mayWriteAcls: acl('write'),
  };
}
