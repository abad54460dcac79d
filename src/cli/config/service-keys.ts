/** The keys of a service and of a check in a file. Source: Consul, "Define services", "Define health checks", 1.3 to 1.19. */

import { anything, duration, integer, type Keys, list, map, object, text, texts, toggle } from './kinds.ts';

const meshGateway = object({ mode: text });

const upstream = object({
  config: map(anything),
  datacenter: text,
  destination_name: text,
  destination_namespace: text,
  destination_partition: text,
  destination_peer: text,
  destination_type: text,
  local_bind_address: text,
  local_bind_port: integer,
  local_bind_socket_mode: text,
  local_bind_socket_path: text,
  mesh_gateway: meshGateway,
});

const exposedPath = object({ listener_port: integer, local_path_port: integer, path: text, protocol: text });

const proxy = object({
  config: map(anything),
  destination_service_id: text,
  destination_service_name: text,
  expose: object({ checks: toggle, paths: list(exposedPath) }),
  local_service_address: text,
  local_service_port: integer,
  local_service_socket_path: text,
  mesh_gateway: meshGateway,
  mode: text,
  transparent_proxy: object({ dialed_directly: toggle, outbound_listener_port: integer }),
  upstreams: list(upstream),
});

const managedProxy = object({ command: texts, config: map(anything), exec_mode: text, upstreams: list(upstream) });

export const checkKeys: Keys = {
  alias_node: text,
  alias_service: text,
  args: texts,
  body: text,
  deregister_critical_service_after: duration,
  disable_redirects: toggle,
  docker_container_id: text,
  failures_before_critical: integer,
  failures_before_warning: integer,
  grpc: text,
  grpc_use_tls: toggle,
  h2ping: text,
  h2ping_use_tls: toggle,
  header: map(texts),
  http: text,
  id: text,
  interval: duration,
  method: text,
  name: text,
  namespace: text,
  notes: text,
  os_service: text,
  output_max_size: integer,
  partition: text,
  service_id: text,
  shell: text,
  status: text,
  success_before_passing: integer,
  tcp: text,
  tcp_use_tls: toggle,
  timeout: duration,
  tls_server_name: text,
  tls_skip_verify: toggle,
  token: text,
  ttl: duration,
  udp: text,
};

export const serviceKeys: Keys = {
  address: text,
  check: object(checkKeys),
  checks: list(object(checkKeys)),
  connect: object({
    native: toggle,
    proxy: managedProxy,
    sidecar_service: {
      is: 'object',
      get keys() {
        return serviceKeys;
      },
    },
  }),
  enable_tag_override: toggle,
  id: text,
  kind: text,
  locality: object({ region: text, zone: text }),
  meta: map(text),
  name: text,
  namespace: text,
  partition: text,
  port: integer,
  proxy,
  /** 1.2's form of `proxy.destination_service_name`. */
  proxy_destination: text,
  socket_path: text,
  tagged_addresses: map(object({ address: text, port: integer })),
  tags: texts,
  token: text,
  weights: object({ passing: integer, warning: integer }),
};

/** Spellings that Consul takes too. */
export const otherSpellings: Readonly<Record<string, string>> = {
  deregistercriticalserviceafter: 'deregister_critical_service_after',
  dockercontainerid: 'docker_container_id',
  scriptargs: 'args',
  serviceid: 'service_id',
  tlsskipverify: 'tls_skip_verify',
};
