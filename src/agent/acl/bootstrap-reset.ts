/**
 * How an operator who has lost every token gets a new one: he writes the index that the refusal names into a file beside the state, and
 * bootstraps again. Who can write there owns the state anyway. Source: Consul, "Reset the ACL System".
 */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface BootstrapReset {
  /** Undefined when nobody asks for it. */
  read(): Promise<number | undefined>;
  /** It is good for one time. */
  clear(): Promise<void>;
}

export function bootstrapResetIn(dataDir: string): BootstrapReset {
  const file = join(dataDir, 'acl-bootstrap-reset');
  return {
    read: async () => {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      return /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
    },
    clear: () => rm(file, { force: true }),
  };
}
