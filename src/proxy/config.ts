/** What a sidecar proxy is told to do, wherever it was written down. Times are milliseconds. */

import type { Target } from '../connect/index.ts';
import type { TlsSettings } from '../mtls/index.ts';
import type { BindAddress, DialAddress } from '../relay/index.ts';

export interface ProxyConfig {
  /** The service that this proxy represents: the name in its leaf. */
  readonly service: string;
  /** Absent: no peer can connect. */
  readonly inbound?: InboundConfig;
  readonly upstreams: readonly UpstreamConfig[];
}

export interface InboundConfig {
  readonly bind: BindAddress;
  /** The application. */
  readonly localService: DialAddress;
  /** From accept to the end of the TLS handshake. */
  readonly handshakeTimeout: number;
  readonly localConnectTimeout: number;
}

export interface UpstreamConfig {
  readonly target: UpstreamTarget;
  readonly bind: BindAddress;
  /** For all attempts of one connection together. */
  readonly connectTimeout: number;
}

export type UpstreamTarget = Extract<Target, { readonly service: string } | { readonly query: string }>;

/** Decided by whoever runs the proxy, not by its registration. */
export interface ProxySettings {
  /** `local`: from intentions that are watched. `agent`: a call for each connection. */
  readonly authorization: 'local' | 'agent';
  readonly tls: TlsSettings;
  /** Of each listener. */
  readonly maxConnections: number;
}

export const defaultSettings: ProxySettings = {
  authorization: 'local',
  tls: { minVersion: 'TLSv1.2' },
  maxConnections: 10_000,
};

export const defaultTimeouts = { handshake: 10_000, localConnect: 1_000, connect: 10_000 } as const;

/** The name of an upstream in logs and metrics, and of its endpoints: `db`, `db@dc2`, `nearest.query`. */
export function formatTarget(target: UpstreamTarget): string {
  const name = 'query' in target ? `${target.query}.query` : target.service;
  return target.datacenter === undefined ? name : `${name}@${target.datacenter}`;
}

/** `host:port`, IPv6 in brackets, or the path of a Unix socket. */
export function formatAddress(address: BindAddress | DialAddress): string {
  if ('path' in address) return address.path;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Of `host:port`; undefined when it is none. An empty host is left empty, for whoever knows what it means. */
export function parseAddress(text: string): { host: string; port: number } | undefined {
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]\0]*)\]|([^:[\]\0]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || !isPort(Number(port))) return undefined;
  return { host: bracketed ?? plain, port: Number(port) };
}

export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
