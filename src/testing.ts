/** What `import … from 'fairlead/testing'` gives: a mesh in the process of a test, and a clock that the test controls. */

import './supported-node.ts';
import { type Mesh, type MeshOptions, startMesh as start } from './mesh/index.ts';
import { processWarnings } from './process-warnings.ts';

export type { Agent, AgentOptions } from './agent/index.ts';
export { type Clock, InputError, type Log } from './base/index.ts';
export { ConnectError, type ConnectErrorCode, type Service } from './connect/index.ts';
export { type FakeClock, fakeClock, type Mesh, type MeshOptions } from './mesh/index.ts';

/**
 * An agent in this process and, for each name, a service that stands on it: with its certificate, ready to serve and dial. Nothing listens
 * but what the services serve. Rejects with an `InputError` that names the place. Without a `log`, warnings become warnings of the process.
 */
export function startMesh<Name extends string>(options: MeshOptions<Name>): Promise<Mesh<Name>> {
  return start({ log: processWarnings, ...options });
}
