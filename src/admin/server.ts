import type { Closable, Runtime } from '../base/index.ts';
import { type ListenAddress, startHttpServer } from '../http/index.ts';
import { type AdminSources, adminRoutes } from './admin.ts';

export interface AdminServer extends Closable {
  /** With the port that was bound where 0 was asked for. */
  readonly address: ListenAddress;
}

/** Answers when it resolves. Throws an InputError when the address can't be bound. */
export function startAdmin(sources: AdminSources, listen: ListenAddress, runtime: Runtime): Promise<AdminServer> {
  return startHttpServer({ routes: adminRoutes(sources), listen }, runtime);
}
