/** Checks as requests and answers have them. */

import { formatDuration } from '../../base/index.ts';
import { duration, flag, integer, list, map, opaque, type Shape, struct, text } from '../../http/index.ts';
import type { CheckRequest } from '../registry/request.ts';
import type { CheckRow, CheckStatus, Row } from '../state/tables.ts';
import { isZero, nonZero, sorted } from './go-values.ts';

/** A check in a service definition, and the body of a registration of its own. */
export interface CheckBody {
  readonly CheckID?: string;
  readonly Name?: string;
  readonly Notes?: string;
  readonly Status?: string;
  readonly ServiceID?: string;
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly TTL?: number;
  readonly HTTP?: string;
  readonly Method?: string;
  readonly Header?: Readonly<Record<string, readonly string[]>>;
  readonly Body?: string;
  readonly DisableRedirects?: boolean;
  readonly TLSServerName?: string;
  readonly TLSSkipVerify?: boolean;
  readonly TCP?: string;
  readonly GRPC?: string;
  readonly GRPCUseTLS?: boolean;
  readonly AliasService?: string;
  readonly AliasNode?: string;
  readonly ScriptArgs?: readonly string[];
  readonly H2PING?: string;
  readonly H2PingUseTLS?: boolean;
  readonly UDP?: string;
  readonly DockerContainerID?: string;
  readonly OSService?: string;
  readonly OutputMaxSize?: number;
  readonly SuccessBeforePassing?: number;
  readonly FailuresBeforeWarning?: number;
  readonly FailuresBeforeCritical?: number;
  readonly DeregisterCriticalServiceAfter?: number;
}

export const checkBody: Shape<CheckBody> = struct<CheckBody>(
  {
    CheckID: text,
    Name: text,
    Notes: text,
    Status: text,
    ServiceID: text,
    Interval: duration,
    Timeout: duration,
    TTL: duration,
    HTTP: text,
    Method: text,
    Header: map(list(text, ''), []),
    Body: text,
    DisableRedirects: flag,
    TLSServerName: text,
    TLSSkipVerify: flag,
    TCP: text,
    GRPC: text,
    GRPCUseTLS: flag,
    AliasService: text,
    AliasNode: text,
    ScriptArgs: list(text, ''),
    H2PING: text,
    H2PingUseTLS: flag,
    UDP: text,
    DockerContainerID: text,
    OSService: text,
    OutputMaxSize: integer,
    SuccessBeforePassing: integer,
    FailuresBeforeWarning: integer,
    FailuresBeforeCritical: integer,
    DeregisterCriticalServiceAfter: duration,
  },
  {
    aliases: {
      ID: 'CheckID',
      check_id: 'CheckID',
      service_id: 'ServiceID',
      Args: 'ScriptArgs',
      script_args: 'ScriptArgs',
      disable_redirects: 'DisableRedirects',
      tls_server_name: 'TLSServerName',
      tls_skip_verify: 'TLSSkipVerify',
      grpc_use_tls: 'GRPCUseTLS',
      h2ping_use_tls: 'H2PingUseTLS',
      alias_service: 'AliasService',
      alias_node: 'AliasNode',
      docker_container_id: 'DockerContainerID',
      os_service: 'OSService',
      output_max_size: 'OutputMaxSize',
      success_before_passing: 'SuccessBeforePassing',
      failures_before_warning: 'FailuresBeforeWarning',
      failures_before_critical: 'FailuresBeforeCritical',
      deregister_critical_service_after: 'DeregisterCriticalServiceAfter',
    },
    ignored: [
      'ExposedPort',
      'GRPCServerName',
      'Namespace',
      'Partition',
      'ProxyGRPC',
      'ProxyHTTP',
      'Script',
      'Shell',
      'TCPUseTLS',
      'Token',
      'tcp_use_tls',
    ],
  },
);

export function checkFromBody(body: CheckBody): CheckRequest {
  const kindNotRun = body.DockerContainerID ? 'Docker' : body.OSService ? 'OSService' : undefined;
  return {
    id: body.CheckID ?? '',
    name: body.Name ?? '',
    notes: body.Notes ?? '',
    status: body.Status ?? '',
    definition: nonZero({
      interval: body.Interval,
      timeout: body.Timeout,
      ttl: body.TTL,
      http: body.HTTP,
      method: body.Method,
      header: body.Header,
      body: body.Body,
      disableRedirects: body.DisableRedirects,
      tlsServerName: body.TLSServerName,
      tlsSkipVerify: body.TLSSkipVerify,
      tcp: body.TCP,
      grpc: body.GRPC,
      grpcUseTls: body.GRPCUseTLS,
      h2ping: body.H2PING,
      h2pingPlain: body.H2PING ? body.H2PingUseTLS === false : undefined,
      udp: body.UDP,
      aliasService: body.AliasService,
      aliasNode: body.AliasNode,
      args: body.ScriptArgs,
      outputMaxSize: body.OutputMaxSize,
      successBeforePassing: body.SuccessBeforePassing,
      failuresBeforeWarning: body.FailuresBeforeWarning,
      failuresBeforeCritical: body.FailuresBeforeCritical,
      deregisterCriticalServiceAfter: body.DeregisterCriticalServiceAfter,
    }),
    ...(kindNotRun === undefined ? {} : { notRun: kindNotRun }),
  };
}

/** Of `/v1/agent/checks`: what is known at this moment, without indexes. */
export function agentCheck(row: CheckRow): object {
  return checkToWire(row, row.local?.output ?? row.output, 0, 0);
}

/** Of health and catalog. */
export function catalogCheck(row: Row<'checks'>): object {
  return checkToWire(row, row.output, row.createIndex, row.modifyIndex);
}

function checkToWire(row: CheckRow, output: string, createIndex: number, modifyIndex: number): object {
  return {
    ...commonMembers(row, output),
    Type: row.type,
    ExposedPort: 0,
    Definition: row.catalogDefinition ?? {},
    CreateIndex: createIndex,
    ModifyIndex: modifyIndex,
  };
}

/** Of the agent's own health endpoints, whose answer has another type behind it: its definition is always there and always empty. */
export function agentHealthCheck(row: CheckRow): object {
  return {
    ...commonMembers(row, row.local?.output ?? row.output),
    Type: '',
    Definition: {
      Interval: '0s',
      Timeout: '0s',
      DeregisterCriticalServiceAfter: '0s',
      HTTP: '',
      Header: null,
      Method: '',
      Body: '',
      TLSServerName: '',
      TLSSkipVerify: false,
      TCP: '',
    },
    CreateIndex: 0,
    ModifyIndex: 0,
  };
}

function commonMembers(row: CheckRow, output: string): object {
  return {
    Node: row.node,
    CheckID: row.checkId,
    Name: row.name,
    Status: row.status,
    Notes: row.notes,
    Output: output,
    ServiceID: row.serviceId,
    ServiceName: row.serviceName,
    ServiceTags: row.serviceTags,
  };
}

/** A check in a registration over the catalog API. */
export interface CatalogCheckBody {
  readonly Node?: string;
  readonly CheckID?: string;
  readonly Name?: string;
  readonly Status?: string;
  readonly Notes?: string;
  readonly Output?: string;
  readonly ServiceID?: string;
  readonly Type?: string;
  readonly Definition?: Readonly<Record<string, unknown>>;
}

export const catalogCheckBody: Shape<CatalogCheckBody> = struct<CatalogCheckBody>(
  {
    Node: text,
    CheckID: text,
    Name: text,
    Status: text,
    Notes: text,
    Output: text,
    ServiceID: text,
    Type: text,
    Definition: opaque,
  },
  {
    type: 'HealthCheck',
    ignored: [
      'CreateIndex',
      'ExposedPort',
      'Interval',
      'ModifyIndex',
      'Namespace',
      'Partition',
      'PeerName',
      'ServiceName',
      'ServiceTags',
      'Timeout',
    ],
  },
);

/** `Node` is filled in by who registers. Names without an ID give the ID. */
export function catalogCheckFromBody(body: CatalogCheckBody, node: string): CheckRow {
  return {
    node,
    checkId: body.CheckID || body.Name || '',
    name: body.Name ?? '',
    status: (body.Status || 'critical') as CheckStatus,
    notes: body.Notes ?? '',
    output: body.Output ?? '',
    serviceId: body.ServiceID ?? '',
    serviceName: '',
    serviceTags: [],
    type: body.Type ?? '',
    ...definitionFromBody(body.Definition),
  };
}

const durations: readonly string[] = ['Interval', 'Timeout', 'DeregisterCriticalServiceAfter', 'TTL'];

/** Without what is empty, and with durations as text, whatever they came as. */
function definitionFromBody(definition: Readonly<Record<string, unknown>> = {}): Pick<CheckRow, 'catalogDefinition'> {
  const members = Object.entries(definition).map(([name, value]): [string, unknown] => {
    if (!durations.includes(name)) return [name, value];
    const ms = duration.read(value, { struct: '', fields: [name] }) ?? 0;
    return [name, ms === 0 ? '' : formatDuration(ms)];
  });
  const kept = members.filter(([name, value]) => !name.endsWith('Duration') && !isZero(value));
  return kept.length === 0 ? {} : { catalogDefinition: sorted(Object.fromEntries(kept)) };
}
