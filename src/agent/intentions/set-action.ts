import { InputError } from '../../base/index.ts';
import { HttpError } from '../../http/index.ts';
import { parseServiceName } from '../http-api/intention-names.ts';
import type { Store } from '../state/store.ts';
import { keyOf } from '../state/tables.ts';
import { putExactIntention } from './edit.ts';
import { writeRow } from './write.ts';

export interface Wanted {
  /** `web`, or `*`; so too the destination. */
  readonly source: string;
  readonly destination: string;
  readonly action: 'allow' | 'deny';
  /** RFC 3339. */
  readonly now: string;
}

/** For the program in which the agent runs: creates or replaces the intention between two names. Throws an InputError for names that can't be. */
export async function setAction(store: Store, { source, destination, action, now }: Wanted): Promise<void> {
  try {
    const draft = {
      source: parseServiceName(source),
      destination: parseServiceName(destination),
      action,
      ...{ sourceType: '', permissions: [], description: '', meta: {}, unknown: {} },
    };
    await store.write((tx) => {
      const old = tx.table('intentions').get(keyOf.intentions({ destination: draft.destination.name }));
      writeRow(tx, old, putExactIntention(old, draft, now));
    });
  } catch (error) {
    throw error instanceof HttpError ? new InputError('', error.message) : error;
  }
}
