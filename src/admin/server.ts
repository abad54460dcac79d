import type { Closable, Runtime } from '../base/index.ts';
import type { ListenAddress } from '../http/index.ts';
import type { AdminSources } from './admin.ts';

export interface AdminServer extends Closable {
  /** With the port that was bound where 0 was asked for. */
  readonly address: ListenAddress;
}

/** Answers when it resolves. Throws an InputError when the address can't be bound. */
export async function startAdmin(sources: AdminSources, listen: ListenAddress, runtime: Runtime): Promise<AdminServer> {
  // Loaded only where it is wanted: the HTTP server would be half of what a sidecar holds in memory.
  const [{ startHttpServer }, { adminRoutes }] = await Promise.all([import('../http/index.ts'), import('./admin.ts')]);
  return startHttpServer({ routes: adminRoutes(sources), listen }, runtime);
}
