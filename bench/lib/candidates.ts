/**
 * The pairs of proxies that are measured side by side: each is an outbound proxy in front of the client and an inbound one in front of
 * the application, mutual TLS between them, certificates of one CA.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, get, put } from './agents.ts';
import { freePorts, type Program, start, untilServing } from './process.ts';

export interface Pair {
  /** Where the client connects. */
  readonly port: number;
  readonly pids: readonly number[];
  /** Milliseconds from the start of both processes until a byte went through and came back. */
  readonly readyAfter: number;
  end(): Promise<void>;
}

export interface Candidate {
  readonly name: string;
  readonly note: string;
  startPair(applicationPort: number, agent: Agent): Promise<Pair>;
}

export type Command = readonly [string, ...string[]];

export function fairlead(command: Command, name = 'fairlead', extra: readonly string[] = []): Candidate {
  return sidecars(
    name,
    'local decision, watched intentions',
    ([program, ...args]) => [program, [...args, 'proxy', ...extra]],
    command,
  );
}

export function consulBuiltIn(consul: string): Candidate {
  return sidecars(
    'consul 1.8.7',
    'authorize over HTTP for each connection',
    ([program]) => [program, ['connect', 'proxy']],
    [consul],
  );
}

function sidecars(
  name: string,
  note: string,
  commandOf: (command: Command) => [string, string[]],
  command: Command,
): Candidate {
  return {
    name,
    note,
    async startPair(applicationPort, agent) {
      const [outbound = 0, publicWeb = 0, publicApi = 0] = await freePorts(3);
      await put(agent, '/v1/agent/service/register', {
        Name: 'api',
        Port: applicationPort,
        Connect: { SidecarService: { Port: publicApi, Checks: [] } },
      });
      const upstreams = [{ DestinationName: 'api', LocalBindPort: outbound }];
      await put(agent, '/v1/agent/service/register', {
        Name: 'web',
        Port: 1,
        Connect: { SidecarService: { Port: publicWeb, Proxy: { Upstreams: upstreams } } },
      });
      // The sidecar's own TCP check would take seconds to pass; the endpoints are what is measured, not the checks.
      await put(agent, '/v1/agent/check/deregister/service:api-sidecar-proxy:1', undefined);
      const [program, args] = commandOf(command);
      const env = { CONSUL_HTTP_ADDR: agent.address };
      return finish(outbound, () =>
        ['api', 'web'].map((service) =>
          start(`${name} for ${service}`, program, [...args, '-sidecar-for', service], env),
        ),
      );
    },
  };
}

interface Leaf {
  CertPEM: string;
  PrivateKeyPEM: string;
  ServiceURI: string;
}

/** As Consul sets Envoy up: mutual TLS, RBAC on the SPIFFE ID, exact URI SAN on the dialling side. */
export function envoy(program: string, tls: '1.2' | '1.3'): Candidate {
  return {
    name: `envoy (TLS ${tls})`,
    note: tls === '1.2' ? 'its default: the dialling side resumes sessions' : 'dialling side up to TLS 1.3',
    async startPair(applicationPort, agent) {
      const { outbound, inbound, files, folder, uris } = await certificates(agent);
      writeFileSync(
        join(folder, 'inbound.json'),
        JSON.stringify(envoyInbound(inbound, applicationPort, files, uris.web)),
      );
      writeFileSync(
        join(folder, 'outbound.json'),
        JSON.stringify(envoyOutbound(outbound, inbound, files, uris.api, tls)),
      );
      const args = (side: string, id: number): string[] => [
        '-c',
        join(folder, `${side}.json`),
        '--concurrency',
        '1',
        '--base-id',
        String(process.pid * 2 + id),
        '-l',
        'error',
      ];
      return finish(
        outbound,
        () => [
          start('envoy inbound', program, args('inbound', 0)),
          start('envoy outbound', program, args('outbound', 1)),
        ],
        folder,
      );
    },
  };
}

/** Checks neither SPIFFE IDs nor intentions, and resumes sessions: it does less work. */
export function haproxy(program: string): Candidate {
  return {
    name: 'haproxy',
    note: 'chain only: no SPIFFE ID, no intentions; resumes sessions',
    async startPair(applicationPort, agent) {
      const { outbound, inbound, files, folder } = await certificates(agent);
      const common =
        'global\n nbthread 1\n tune.bufsize 131072\n maxconn 9000\ndefaults\n mode tcp\n timeout connect 10s\n timeout client 1h\n timeout server 1h\n';
      writeFileSync(
        join(folder, 'inbound.cfg'),
        `${common}listen inbound\n bind 127.0.0.1:${inbound} ssl crt ${files.api.bundle} ca-file ${files.roots} verify required\n server app 127.0.0.1:${applicationPort}\n`,
      );
      writeFileSync(
        join(folder, 'outbound.cfg'),
        `${common}listen outbound\n bind 127.0.0.1:${outbound}\n server api 127.0.0.1:${inbound} ssl crt ${files.web.bundle} ca-file ${files.roots} verify required\n`,
      );
      return finish(
        outbound,
        () =>
          ['inbound', 'outbound'].map((side) =>
            start(`haproxy ${side}`, program, ['-f', join(folder, `${side}.cfg`), '-db']),
          ),
        folder,
      );
    },
  };
}

async function finish(port: number, startBoth: () => Program[], folder?: string): Promise<Pair> {
  const began = performance.now();
  const programs = startBoth();
  const end = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.end()));
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilServing(port, { answers: true });
  } catch (error) {
    await end();
    throw error;
  }
  return { port, pids: programs.map(({ pid }) => pid), readyAfter: performance.now() - began, end };
}

async function certificates(agent: Agent) {
  const [outbound = 0, inbound = 0] = await freePorts(2);
  const folder = mkdtempSync(join(tmpdir(), 'bench-pair-'));
  const roots = await get<{ Roots: { RootCert: string }[] }>(agent, '/v1/agent/connect/ca/roots');
  const rootsFile = join(folder, 'roots.pem');
  writeFileSync(rootsFile, roots.Roots.map(({ RootCert }) => RootCert).join(''));
  const side = async (service: string) => {
    const leaf = await get<Leaf>(agent, `/v1/agent/connect/ca/leaf/${service}`);
    const names = {
      chain: join(folder, `${service}.pem`),
      key: join(folder, `${service}.key`),
      bundle: join(folder, `${service}-bundle.pem`),
    };
    writeFileSync(names.chain, leaf.CertPEM);
    writeFileSync(names.key, leaf.PrivateKeyPEM, { mode: 0o600 });
    writeFileSync(names.bundle, leaf.CertPEM + leaf.PrivateKeyPEM, { mode: 0o600 });
    return { names, uri: leaf.ServiceURI };
  };
  const [api, web] = [await side('api'), await side('web')];
  return {
    outbound,
    inbound,
    folder,
    files: { roots: rootsFile, api: api.names, web: web.names },
    uris: { api: api.uri, web: web.uri },
  };
}

type Files = Awaited<ReturnType<typeof certificates>>['files'];

function envoyInbound(port: number, applicationPort: number, files: Files, allowed: string): object {
  const rbac = {
    name: 'envoy.filters.network.rbac',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC',
      stat_prefix: 'connect',
      rules: {
        action: 'ALLOW',
        policies: {
          web: {
            permissions: [{ any: true }],
            principals: [{ authenticated: { principal_name: { exact: allowed } } }],
          },
        },
      },
    },
  };
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    require_client_certificate: true,
    common_tls_context: certificateContext(files, files.api),
  };
  return bootstrap(
    port,
    [rbac, tcpProxy('application')],
    { name: 'tls', typed_config: tls },
    cluster('application', applicationPort),
  );
}

function envoyOutbound(port: number, far: number, files: Files, expected: string, version: '1.2' | '1.3'): object {
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    common_tls_context: {
      ...certificateContext(files, files.web, {
        match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: expected } }],
      }),
      ...(version === '1.3' ? { tls_params: { tls_maximum_protocol_version: 'TLSv1_3' } } : {}),
    },
  };
  return bootstrap(port, [tcpProxy('api')], undefined, {
    ...cluster('api', far),
    transport_socket: { name: 'tls', typed_config: tls },
  });
}

function certificateContext(files: Files, own: { chain: string; key: string }, more: object = {}): object {
  return {
    tls_certificates: [{ certificate_chain: { filename: own.chain }, private_key: { filename: own.key } }],
    validation_context: { trusted_ca: { filename: files.roots }, ...more },
  };
}

function tcpProxy(to: string): object {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
      stat_prefix: 'tcp',
      cluster: to,
    },
  };
}

function cluster(name: string, port: number): object {
  const endpoint = { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } };
  const high = { thresholds: [{ max_connections: 20_000, max_pending_requests: 20_000 }] };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '10s',
    circuit_breakers: high,
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [endpoint] }] },
  };
}

function bootstrap(
  port: number,
  filters: readonly object[],
  transportSocket: object | undefined,
  target: object,
): object {
  const chain = { filters, ...(transportSocket ? { transport_socket: transportSocket } : {}) };
  const listener = {
    name: 'listener',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [chain],
  };
  return { static_resources: { listeners: [listener], clusters: [target] } };
}
