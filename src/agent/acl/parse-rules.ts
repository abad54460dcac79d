/** A policy's text, in HCL or JSON, read into rules. Source: Consul, "ACL Rules". */

import { InputError } from '../../base/index.ts';
import { labelledBlocks, parseHcl } from '../../hcl/index.ts';
import { type Access, parseAccess } from './access.ts';
import type { NameRules } from './name-rules.ts';
import { mergeRules, type NamedResource, noRules, type PlainResource, type Rules } from './rules.ts';

/** In bytes. All the agent waits while they are read. */
const longestText = 64 * 1_024;

const plainResources: ReadonlySet<string> = new Set<PlainResource>(['acl', 'keyring', 'operator']);
const namedResources: ReadonlySet<string> = new Set<NamedResource>([
  'agent',
  'event',
  'key',
  'node',
  'query',
  'service',
  'session',
]);
/** What later versions and other editions know, and means nothing here. */
const otherResources: ReadonlySet<string> = new Set([
  ...['mesh', 'peering', 'identity', 'identity_prefix', 'namespace', 'namespace_prefix', 'partition'],
  'partition_prefix',
]);

/** Throws an InputError with Consul's beginning of the sentence: `Failed to parse ACL rules: …`, `Invalid service policy: …`. */
export function parseRules(text: string): Rules {
  if (Buffer.byteLength(text) > longestText) throw unreadable(`they are longer than ${longestText} bytes`);
  return mergeRules(Object.entries(parsed(text)).map(([key, value]) => rulesUnder(key, value)));
}

function parsed(text: string): object {
  try {
    return parseHcl(text, '');
  } catch (error) {
    throw error instanceof InputError ? unreadable(error.message) : error;
  }
}

function unreadable(problem: string): InputError {
  return new InputError('', `Failed to parse ACL rules: ${problem}`);
}

function rulesUnder(key: string, value: unknown): Rules {
  const resource = key.toLowerCase();
  if (plainResources.has(resource)) return plainRule(resource as PlainResource, value);
  const kind = resource.replace(/_prefix$/, '');
  if (namedResources.has(kind)) return namedRules(kind as NamedResource, resource !== kind, value);
  if (otherResources.has(resource)) return noRules;
  throw unreadable(`there is no rule ${JSON.stringify(key)}`);
}

function plainRule(resource: PlainResource, value: unknown): Rules {
  if (typeof value !== 'string') throw unreadable(`${resource}: expected text, such as "read"`);
  if (value === '') return noRules;
  const access = parseAccess(value);
  if (access === undefined || access === 'list')
    throw new InputError('', `Invalid ${resource} policy: ${JSON.stringify(value)}`);
  return { ...noRules, plain: new Map([[resource, access]]) };
}

function namedRules(kind: NamedResource, isPrefix: boolean, value: unknown): Rules {
  const resource = isPrefix ? `${kind}_prefix` : kind;
  const blocks = labelledBlocks(value);
  if (blocks === undefined) throw unreadable(`${resource}: expected blocks such as ${resource} "name" { … }`);
  return mergeRules(
    blocks.map(({ label, body }) => {
      const { policy, intentions } = readBody(resource, label, body);
      const only = (access: Access): NameRules => {
        const rule = new Map([[label, access]]);
        return isPrefix ? { exact: new Map(), prefix: rule } : { exact: rule, prefix: new Map() };
      };
      return {
        plain: new Map(),
        named: new Map([[kind, only(policy)]]),
        intentions: intentions === undefined ? noRules.intentions : only(intentions),
      };
    }),
  );
}

function readBody(
  resource: string,
  label: string,
  body: unknown,
): { readonly policy: Access; readonly intentions: Access | undefined } {
  const isService = /^service(_prefix)?$/.test(resource);
  const place = `${resource} ${JSON.stringify(label)}`;
  if (typeof body !== 'object' || body === null)
    throw new InputError('', `Invalid ${resource} policy: ${place} is no block`);
  let policy: unknown;
  let intentions: unknown;
  for (const [key, value] of Object.entries(body)) {
    const name = key.toLowerCase();
    if (name === 'policy') policy = value;
    else if (name === 'intentions' && isService) intentions = value;
    else if (name !== 'sentinel') throw unreadable(`${place}: there is no ${JSON.stringify(key)}`);
  }
  return {
    policy: readAccess(policy, `Invalid ${resource} policy: ${place}`, /^key(_prefix)?$/.test(resource)),
    intentions:
      intentions === undefined || intentions === ''
        ? undefined
        : readAccess(intentions, `Invalid ${resource} intentions policy: ${place}`, false),
  };
}

function readAccess(value: unknown, problem: string, mayBeList: boolean): Access {
  const access = typeof value === 'string' ? parseAccess(value) : undefined;
  if (access !== undefined && (access !== 'list' || mayBeList)) return access;
  const expected = mayBeList ? 'read, list, write or deny' : 'read, write or deny';
  throw new InputError(
    '',
    `${problem}: expected ${expected}, found ${value === undefined ? 'nothing' : JSON.stringify(value)}`,
  );
}
