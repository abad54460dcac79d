/** What a policy says, and what several say together. */

import { type Access, prevailing } from './access.ts';
import { mergeMaps, mergeNameRules, type NameRules, noNameRules } from './name-rules.ts';

/** Of these, one rule speaks for the whole. */
export type PlainResource = 'acl' | 'keyring' | 'operator';
/** Of these, every name may have rules of its own. */
export type NamedResource = 'agent' | 'event' | 'key' | 'node' | 'query' | 'service' | 'session';

export interface Rules {
  readonly plain: ReadonlyMap<PlainResource, Access>;
  readonly named: ReadonlyMap<NamedResource, NameRules>;
  /** By the name of the destination; only what is said, see `intentionRules`. */
  readonly intentions: NameRules;
}

export const noRules: Rules = { plain: new Map(), named: new Map(), intentions: noNameRules };

export function mergeRules(all: readonly Rules[]): Rules {
  const kinds = new Set(all.flatMap(({ named }) => [...named.keys()]));
  return {
    plain: mergeMaps(
      all.map(({ plain }) => plain),
      prevailing,
    ),
    named: new Map([...kinds].map((kind) => [kind, mergeNameRules(all.flatMap(({ named }) => named.get(kind) ?? []))])),
    intentions: mergeNameRules(all.map(({ intentions }) => intentions)),
  };
}

/** Who may read or write a service may read its intentions, and who may not, may not; where nothing else is said. */
export function intentionRules({ named, intentions }: Rules): NameRules {
  const services = named.get('service') ?? noNameRules;
  const implied = ([name, access]: [string, Access]): [string, Access] => [name, access === 'deny' ? 'deny' : 'read'];
  return {
    exact: new Map([...[...services.exact].map(implied), ...intentions.exact]),
    prefix: new Map([...[...services.prefix].map(implied), ...intentions.prefix]),
  };
}
