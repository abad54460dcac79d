import { type Log, messageOf } from '../../base/index.ts';
import type { Storage } from './storage.ts';

/** Says once when storing starts to fail and once when it works again. */
export function reportingStorage(storage: Storage, log: Log): Storage {
  let isFailing = false;
  return {
    load: () => storage.load(),
    commit: (batch, expectedRevision) => {
      try {
        storage.commit(batch, expectedRevision);
      } catch (error) {
        if (!isFailing) log.error('writes refused: state not stored', { error: messageOf(error) });
        isFailing = true;
        throw error;
      }
      if (isFailing) log.info('writes accepted again: state stored');
      isFailing = false;
    },
    close: () => storage.close(),
  };
}
