import type { Transaction } from '../state/store.ts';
import { type CheckRow, fold, keyOf, type Row, type ServiceRow } from '../state/tables.ts';

/** The store or a write under way: whatever has tables to read. */
export type TableReader = Pick<Transaction, 'table'>;

/** What one node holds, for the functions that plan changes to it. Writes nothing. */
export class NodeRows {
  readonly node: string;
  readonly #tables: TableReader;

  constructor(tables: TableReader, node: string) {
    this.#tables = tables;
    this.node = node;
  }

  row(): Row<'nodes'> | undefined {
    return this.#tables.table('nodes').get(keyOf.nodes(this));
  }

  service(id: string): Row<'services'> | undefined {
    return this.#tables.table('services').get(keyOf.services({ node: this.node, id }));
  }

  /** A registration of the agent itself, not one made over the catalog API. */
  ownService(id: string): Row<'services'> | undefined {
    const row = this.service(id);
    return row?.local === undefined ? undefined : row;
  }

  services(): Iterable<Row<'services'>> {
    return this.#tables.table('services').by('node', fold(this.node));
  }

  /** The proxy that the agent runs for a service of its own. */
  managedProxy(targetId: string): Row<'managedProxies'> | undefined {
    return this.#tables.table('managedProxies').get(keyOf.managedProxies({ target: targetId }));
  }

  check(id: string): Row<'checks'> | undefined {
    return this.#tables.table('checks').get(keyOf.checks({ node: this.node, checkId: id }));
  }

  /** A registration of the agent itself, not one made over the catalog API. */
  ownCheck(id: string): Row<'checks'> | undefined {
    const row = this.check(id);
    return row?.local === undefined ? undefined : row;
  }

  checks(): Iterable<Row<'checks'>> {
    return this.#tables.table('checks').by('node', fold(this.node));
  }

  /** Of the node itself where `serviceId` is empty. */
  checksOf(serviceId: string): Iterable<Row<'checks'>> {
    return this.#tables.table('checks').by('service', keyOf.services({ node: this.node, id: serviceId }));
  }

  /** A service whose ID is `id` in another spelling. */
  serviceSpeltLike(id: string): ServiceRow | undefined {
    const alike = this.#tables.table('services').by('foldedId', fold(keyOf.services({ node: this.node, id })));
    return [...alike].find((row) => row.id !== id);
  }

  /** A check whose ID is `id` in another spelling. */
  checkSpeltLike(id: string): CheckRow | undefined {
    const alike = this.#tables.table('checks').by('foldedId', fold(keyOf.checks({ node: this.node, checkId: id })));
    return [...alike].find((row) => row.checkId !== id);
  }
}
