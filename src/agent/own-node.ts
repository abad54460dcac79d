/** The agent's entry in its own catalog: who it is, under which ID, and what becomes of registrations when its name changes. */

import { randomUUID } from 'node:crypto';
import type { AgentConfig } from './config.ts';
import { NodeRows } from './registry/node-rows.ts';
import { type OwnNode, ownCheckId, ownCheckRow, ownNodeRow, ownServiceId, ownServiceRow } from './registry/own-node.ts';
import { type RowWriter, writeRows } from './registry/write-rows.ts';
import type { Store } from './state/store.ts';
import { fold } from './state/tables.ts';

/** The version of Consul whose HTTP API is spoken. */
const consulVersion = '1.10.0';
const nodeIdSetting = 'node_id';

/** Stores what is new of it, and nothing when all is as before. Resolves when it is on disk. */
export async function enterOwnNode(store: Store, config: AgentConfig): Promise<OwnNode> {
  const { nodeName: name, nodeAddress: address, datacenter, nodeMeta: meta, serverPort } = config;
  const id = config.nodeId?.toLowerCase() ?? storedNodeId(store) ?? randomUUID();
  const node: OwnNode = { id, name, address, datacenter, meta, version: consulVersion, serverPort };
  await writeRows(store, (writer, tx) => {
    tx.put('settings', nodeIdSetting, { value: id });
    writer.putNode(ownNodeRow(node));
    writer.putService(ownServiceRow(node));
    writer.putCheck(ownCheckRow(node));
    for (const former of [...tx.table('nodes').values()]) {
      const isFormerSelf = former.id === id && fold(former.node) !== fold(name);
      if (isFormerSelf) moveRegistrations(writer, new NodeRows(tx, former.node), name);
    }
  });
  return node;
}

function storedNodeId(store: Store): string | undefined {
  const value = store.table('settings').get(nodeIdSetting)?.value;
  return typeof value === 'string' ? value : undefined;
}

/** The agent was called otherwise before: what it has registered goes on under the new name. */
function moveRegistrations(writer: RowWriter, former: NodeRows, name: string): void {
  const services = [...former.services()].filter(({ id }) => id !== ownServiceId);
  const checks = [...former.checks()].filter(({ checkId }) => checkId !== ownCheckId);
  writer.deleteNode(former.node);
  for (const { createIndex: _, modifyIndex: __, ...row } of services) writer.putService({ ...row, node: name });
  for (const { createIndex: _, modifyIndex: __, ...row } of checks) writer.putCheck({ ...row, node: name });
}
