/** For `new undici.Agent({ connect })`. The user's own undici builds the agent, so no version of it is ours to choose. */

import type { TLSSocket } from 'node:tls';
import type { Dialer } from './dial.ts';
import { targetOfHost } from './target.ts';

export type UndiciConnect = (
  options: { readonly hostname: string },
  callback: (...args: [null, TLSSocket] | [Error, null]) => void,
) => void;

export function undiciConnect(dialer: Dialer): UndiciConnect {
  return ({ hostname }, callback) => {
    const dial = async (): Promise<TLSSocket> => dialer.dialRead(targetOfHost(hostname), {});
    dial().then(
      (socket) => callback(null, Object.assign(socket, { allowHalfOpen: false })),
      (error) => callback(error, null),
    );
  };
}
