/**
 * Rows into the store, for everything that registers or changes health. Here is decided which topics a change touches, so that nobody
 * else has to know: a check shows in its service's instances, a check of the node in all instances there, a service in the list of
 * names only when its name or tags change. What no indexed read shows (tokens, when a TTL lapses, output on its way) moves no index.
 */

import { isDeepStrictEqual } from 'node:util';
import { aliasState } from '../checks/alias.ts';
import type { ManagedProxyRow } from '../state/managed-proxies.ts';
import type { Transaction } from '../state/store.ts';
import { type CheckRow, fold, keyOf, type NodeRow, type ServiceRow } from '../state/tables.ts';
import { topic, topicsOfCheck, topicsOfInstance, topicsOfService } from '../state/topics.ts';
import { NodeRows } from './node-rows.ts';
import type { RegistryPlan } from './plan.ts';

/** Aliases may follow each other; one that follows itself around a circle is left alone after so many turns. */
const mostTurns = 8;

export class RowWriter {
  readonly #tx: Transaction;
  /** Keys of alias checks whose state may have changed. */
  readonly #aliases = new Set<string>();

  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  /** Carries out a plan for one node. */
  apply(node: string, plan: RegistryPlan): void {
    for (const id of plan.deletedChecks) this.deleteCheck(node, id);
    for (const id of plan.deletedServices) this.deleteService(node, id);
    for (const row of plan.services) this.putService(row);
    for (const row of plan.checks) this.putCheck(row);
    for (const target of plan.deletedManagedProxies ?? []) this.#deleteManagedProxy(target);
    for (const row of plan.managedProxies ?? []) this.#putManagedProxy(row);
  }

  putNode(row: NodeRow): void {
    if (!this.#tx.put('nodes', keyOf.nodes(row), row)) return;
    this.#tx.touch(topic.nodes, topic.node(row.node), ...this.#instanceTopicsOf(row.node));
  }

  /** With all its services and checks. */
  deleteNode(node: string): void {
    const rows = new NodeRows(this.#tx, node);
    for (const { checkId } of [...rows.checks()]) this.deleteCheck(node, checkId);
    for (const { id } of [...rows.services()]) this.deleteService(node, id);
    if (this.#tx.delete('nodes', keyOf.nodes({ node }))) this.#tx.touch(topic.nodes, topic.node(node));
  }

  putService(row: ServiceRow): void {
    const key = keyOf.services(row);
    const before = this.#tx.table('services').get(key);
    if (before?.local && row.local && isDeepStrictEqual(shownOfService(before), shownOfService(row))) {
      if (!isDeepStrictEqual(before.local, row.local)) this.#tx.putQuietly('services', key, row);
      return;
    }
    if (!this.#tx.put('services', key, row)) return;
    this.#tx.touch(...topicsOfService(row), topic.agentService(row.id));
    if (before) this.#tx.touch(...topicsOfService(before));
    const showsInNames = before?.name !== row.name || !isDeepStrictEqual(before.tags, row.tags);
    if (showsInNames) this.#tx.touch(topic.services);
    this.#suspectAliasesOf(row.node, row.id);
  }

  deleteService(node: string, id: string): void {
    const key = keyOf.services({ node, id });
    const before = this.#tx.table('services').get(key);
    if (before === undefined) return;
    this.#tx.delete('services', key);
    this.#tx.touch(...topicsOfService(before), topic.services, topic.agentService(id));
    this.#suspectAliasesOf(node, id);
  }

  putCheck(row: CheckRow): void {
    const key = keyOf.checks(row);
    const before = this.#tx.table('checks').get(key);
    if (row.local?.definition.type === 'alias') this.#aliases.add(key);
    if (before?.local && row.local && isDeepStrictEqual(shownOfCheck(before), shownOfCheck(row))) {
      if (isDeepStrictEqual(before.local, row.local)) return;
      this.#tx.putQuietly('checks', key, row);
    } else {
      if (!this.#tx.put('checks', key, row)) return;
      this.#touchCheck(row);
      if (!isDeepStrictEqual(before?.local?.definition, row.local?.definition)) this.#tx.touch(topic.checkDefinitions);
      if (before && before.serviceId !== row.serviceId) this.#touchCheck(before);
    }
    this.#suspectAliasesOf(row.node, row.serviceId);
    if (before && before.serviceId !== row.serviceId) this.#suspectAliasesOf(row.node, before.serviceId);
  }

  deleteCheck(node: string, checkId: string): void {
    const key = keyOf.checks({ node, checkId });
    const before = this.#tx.table('checks').get(key);
    if (before === undefined) return;
    this.#tx.delete('checks', key);
    this.#touchCheck(before);
    if (before.local) this.#tx.touch(topic.checkDefinitions);
    this.#suspectAliasesOf(node, before.serviceId);
  }

  #putManagedProxy(row: ManagedProxyRow): void {
    if (!this.#tx.put('managedProxies', keyOf.managedProxies(row), row)) return;
    this.#tx.touch(topic.managedProxies, topic.agentService(row.proxyId), topic.agentService(row.target));
  }

  #deleteManagedProxy(target: string): void {
    const key = keyOf.managedProxies({ target });
    const before = this.#tx.table('managedProxies').get(key);
    if (before === undefined) return;
    this.#tx.delete('managedProxies', key);
    this.#tx.touch(topic.managedProxies, topic.agentService(before.proxyId), topic.agentService(target));
  }

  /** Brings alias checks in line with what they follow: the last act of every write. */
  settleAliases(): void {
    const turns = new Map<string, number>();
    for (const key of this.#aliases) {
      this.#aliases.delete(key); // put back, to the end, when what it follows changes again
      const turn = (turns.get(key) ?? 0) + 1;
      turns.set(key, turn);
      const row = this.#tx.table('checks').get(key);
      if (row === undefined || turn > mostTurns) continue;
      const settled = aliasState(row, this.#tx);
      if (settled !== row) this.putCheck(settled);
      this.#aliases.delete(key);
    }
  }

  #suspectAliasesOf(node: string, serviceId: string): void {
    const checks = this.#tx.table('checks');
    const suspects =
      serviceId === ''
        ? checks.by('aliasNode', fold(node))
        : checks.by('aliasOf', keyOf.services({ node, id: serviceId }));
    for (const alias of suspects) this.#aliases.add(keyOf.checks(alias));
  }

  #touchCheck(row: CheckRow): void {
    this.#tx.touch(...topicsOfCheck(row));
    if (row.serviceId === '') {
      this.#tx.touch(...this.#instanceTopicsOf(row.node));
    } else {
      const service = new NodeRows(this.#tx, row.node).service(row.serviceId);
      this.#tx.touch(topic.service(row.serviceName), ...(service === undefined ? [] : topicsOfInstance(service)));
    }
  }

  #instanceTopicsOf(node: string): string[] {
    return [...new NodeRows(this.#tx, node).services()].flatMap(topicsOfInstance);
  }
}

/** Runs `change` as one step of the store's count, with aliases settled. */
export function writeRows<T>(
  store: { write<R>(change: (tx: Transaction) => R): Promise<R> },
  change: (writer: RowWriter, tx: Transaction) => T,
): Promise<T> {
  return store.write((tx) => {
    const writer = new RowWriter(tx);
    const result = change(writer, tx);
    writer.settleAliases();
    return result;
  });
}

function shownOfService(row: ServiceRow): object {
  const { local: _, ...shown } = withoutIndexes(row);
  return shown;
}

function shownOfCheck(row: CheckRow): object {
  const { local, ...shown } = withoutIndexes(row);
  return { ...shown, definition: local?.definition };
}

function withoutIndexes<R extends object>(row: R): R {
  const { createIndex: _, modifyIndex: __, ...content } = row as R & { createIndex?: number; modifyIndex?: number };
  return content as unknown as R;
}
