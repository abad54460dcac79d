/** Who may see and change an intention: its destination's permission decides; to see it, its source's is enough. */

import { HttpError } from '../../http/index.ts';
import type { Authorizer } from '../acl/authorizer.ts';
import type { IntentionDraft } from '../intentions/draft.ts';
import type { StoredIntention } from '../intentions/view.ts';
import { denied } from './permissions.ts';

export function mayRead(authorizer: Authorizer, { row, source }: StoredIntention): boolean {
  return authorizer.mayReadIntentions(row.destination) || authorizer.mayReadIntentions(source.name);
}

export function mustRead(authorizer: Authorizer, intention: StoredIntention): void {
  if (!mayRead(authorizer, intention)) throw denied(`intentions:read on ${intention.row.destination}`);
}

export function mustWrite(authorizer: Authorizer, destination: string): void {
  if (!authorizer.mayWriteIntentions(destination)) throw denied(`intentions:write on ${destination}`);
}

/** Sources of other clusters and partitions belong into a config entry: the intention endpoints have no names for them. */
export function refuseForeignSource({ unknown }: IntentionDraft): void {
  const [member] = Object.keys(unknown);
  if (member !== undefined)
    throw new HttpError(500, `Source${member} can only be set in a service-intentions config entry`);
}
