/** Managed proxies as they are meant: what was declared, with the agent's defaults in the places that were left out. */

import type { ExecMode, ManagedProxyRow } from '../state/managed-proxies.ts';
import { digestOf, type ServiceRow } from '../state/tables.ts';
import { NodeRows, type TableReader } from './node-rows.ts';

export interface ManagedProxyDefaults {
  readonly execMode: ExecMode;
  /** What a proxy of the mode `daemon` without a command runs. Empty: there is nothing to run. */
  readonly daemonCommand: readonly string[];
  /** The same for `script`; empty: as for `daemon`. */
  readonly scriptCommand: readonly string[];
  /** Under the configuration of each. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where proxies listen that don't say it. */
  readonly bindAddress: string;
}

export interface ManagedProxy {
  readonly id: string;
  readonly target: ServiceRow;
  /** The proxy's own. */
  readonly service: ServiceRow;
  readonly execMode: ExecMode;
  readonly command: readonly string[];
  /** As it was declared. */
  readonly ownConfig: ManagedProxyRow['config'];
  /** All that the proxy is to go by. */
  readonly config: ManagedProxyRow['config'];
  readonly upstreams: ManagedProxyRow['upstreams'];
  readonly token: string;
}

export class ManagedProxies {
  readonly #tables: TableReader;
  readonly #rows: NodeRows;
  readonly #defaults: ManagedProxyDefaults;

  constructor(tables: TableReader, nodeName: string, defaults: ManagedProxyDefaults) {
    this.#tables = tables;
    this.#rows = new NodeRows(tables, nodeName);
    this.#defaults = defaults;
  }

  all(): ManagedProxy[] {
    return [...this.#tables.table('managedProxies').values()].flatMap((row) => this.#meant(row) ?? []);
  }

  byId(proxyId: string): ManagedProxy | undefined {
    return this.#first('proxy', proxyId);
  }

  /** Whose service has this ID. */
  byTarget(targetId: string): ManagedProxy | undefined {
    const row = this.#tables.table('managedProxies').get(targetId);
    return row && this.#meant(row);
  }

  /** Whose token this is. */
  byToken(token: string): ManagedProxy | undefined {
    return token === '' ? undefined : this.#first('token', digestOf(token));
  }

  #first(lookup: 'proxy' | 'token', value: string): ManagedProxy | undefined {
    const [row] = this.#tables.table('managedProxies').by(lookup, value);
    return row && this.#meant(row);
  }

  #meant(row: ManagedProxyRow): ManagedProxy | undefined {
    const [target, service] = [this.#rows.ownService(row.target), this.#rows.ownService(row.proxyId)];
    if (target === undefined || service === undefined) return undefined;
    const execMode = row.execMode ?? this.#defaults.execMode;
    return {
      id: row.proxyId,
      target,
      service,
      execMode,
      command: row.command.length > 0 ? row.command : this.#commandOf(execMode),
      ownConfig: row.config,
      config: this.#configOf(row, target, service),
      upstreams: row.upstreams,
      token: row.token,
    };
  }

  #commandOf(execMode: ExecMode): readonly string[] {
    const { daemonCommand, scriptCommand } = this.#defaults;
    return execMode === 'script' && scriptCommand.length > 0 ? scriptCommand : daemonCommand;
  }

  #configOf({ config }: ManagedProxyRow, target: ServiceRow, service: ServiceRow): ManagedProxyRow['config'] {
    return {
      local_service_address: `127.0.0.1:${target.port}`,
      bind_address: this.#defaults.bindAddress,
      ...this.#defaults.config,
      bind_port: service.port,
      ...config,
    };
  }
}
