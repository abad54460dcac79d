/** Addresses as sockets show them, in the one form in which they can be compared. */

/** A listener for both versions of IP shows IPv4 as `::ffff:10.0.0.1`; an address of one link names its interface too. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

/** Whether a plain address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
