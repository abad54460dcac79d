/** Where the output of managed proxies goes: two files each, for this user alone. They grow; nothing here rotates or removes them. */

import { hash } from 'node:crypto';
import { chmodSync, closeSync, constants, fchmodSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

export interface OpenLogs extends Disposable {
  readonly stdout: number;
  readonly stderr: number;
}

const append = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** Opens them, and makes them where they are not there. The process that they were opened for has them for itself once they are closed here. */
export function openLogs(dataDir: string, proxyId: string): OpenLogs {
  const folder = join(dataDir, 'proxy', 'logs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const name = fileNameOf(proxyId);
  const open = (stream: string): number => openOwn(join(folder, `${name}-${stream}.log`));
  const stdout = open('stdout');
  try {
    const stderr = open('stderr');
    return {
      stdout,
      stderr,
      [Symbol.dispose]: () => {
        closeSync(stdout);
        closeSync(stderr);
      },
    };
  } catch (error) {
    closeSync(stdout);
    throw error;
  }
}

/** Never through a link. A file that was there before is for this user alone from now on. */
function openOwn(file: string): number {
  const opened = openSync(file, append, 0o600);
  try {
    fchmodSync(opened, 0o600);
    return opened;
  } catch (error) {
    closeSync(opened);
    throw error;
  }
}

/** IDs are of any length and may hold whatever their service's ID held; `/` above all. */
function fileNameOf(proxyId: string): string {
  const safe = proxyId.replace(/[^\w.-]/gu, (one) => encodeURIComponent(one).replace(/[^\w%]/g, '_'));
  return safe.length <= 200 ? safe : `${safe.slice(0, 160)}-${hash('sha256', proxyId).slice(0, 32)}`;
}
