import type { Store } from '../state/store.ts';
import { NodeRows } from './node-rows.ts';
import { type OwnNode, ownCheckRow, ownNodeRow, ownServiceRow } from './own-node.ts';
import { type RowWriter, writeRows } from './write-rows.ts';

/**
 * Puts the agent's own node, service and check into the catalog: at every start, before anything is served. Starting again as the same
 * node changes nothing. Under another name, the registrations move along.
 */
export async function registerOwnNode(store: Store, own: OwnNode): Promise<void> {
  await writeRows(store, (writer) => {
    writer.putNode(ownNodeRow(own));
    writer.putService(ownServiceRow(own));
    writer.putCheck(ownCheckRow(own));
    const formerNames = [...store.table('nodes').values()].filter(
      ({ id, node }) => id === own.id && node.toLowerCase() !== own.name.toLowerCase(),
    );
    for (const { node } of formerNames) moveRegistrations(writer, new NodeRows(store, node), own.name);
  });
}

function moveRegistrations(writer: RowWriter, from: NodeRows, node: string): void {
  const services = [...from.services()].filter(({ local }) => local !== undefined);
  const checks = [...from.checks()].filter(({ local }) => local !== undefined);
  writer.deleteNode(from.node);
  for (const service of services) writer.putService({ ...service, node });
  for (const check of checks) writer.putCheck({ ...check, node });
}
