/** Sections of Consul's configuration that make a cluster of machines: read only so that mistakes in them are found. */

import { duration, integer, type Keys, type Kind, map, object, port, text, texts, toggle } from './kinds.ts';

export const autopilot: Kind = object({
  cleanup_dead_servers: toggle,
  disable_upgrade_migration: toggle,
  last_contact_threshold: duration,
  max_trailing_logs: integer,
  min_quorum: integer,
  redundancy_zone_tag: text,
  server_stabilization_time: duration,
  upgrade_version_tag: text,
});

export const autoConfig: Kind = object({
  authorization: object({
    enabled: toggle,
    static: object({
      allow_reuse: toggle,
      bound_audiences: texts,
      bound_issuer: text,
      claim_assertions: texts,
      claim_mappings: map(text),
      clock_skew_leeway: duration,
      expiration_leeway: duration,
      jwks_ca_cert: text,
      jwks_url: text,
      jwt_supported_algs: texts,
      jwt_validation_pub_keys: texts,
      list_claim_mappings: map(text),
      not_before_leeway: duration,
      oidc_discovery_ca_cert: text,
      oidc_discovery_url: text,
    }),
  }),
  dns_sans: texts,
  enabled: toggle,
  intro_token: text,
  intro_token_file: text,
  ip_sans: texts,
  server_addresses: texts,
});

export const dnsConfig: Kind = object({
  a_record_limit: integer,
  allow_stale: toggle,
  cache_max_age: duration,
  disable_compression: toggle,
  enable_additional_node_meta_txt: toggle,
  enable_truncate: toggle,
  max_stale: duration,
  node_ttl: duration,
  only_passing: toggle,
  prefer_namespace: toggle,
  recursor_strategy: text,
  recursor_timeout: duration,
  service_ttl: map(duration),
  soa: object({ expire: integer, min_ttl: integer, refresh: integer, retry: integer }),
  udp_answer_limit: integer,
  use_cache: toggle,
});

export const gossip: Kind = object({
  gossip_interval: duration,
  gossip_nodes: integer,
  probe_interval: duration,
  probe_timeout: duration,
  retransmit_mult: integer,
  suspicion_mult: integer,
});

export const performance: Kind = object({
  grpc_keepalive_interval: duration,
  grpc_keepalive_timeout: duration,
  leave_drain_time: duration,
  raft_multiplier: integer,
  rpc_hold_timeout: duration,
});

export const segment: Kind = object({ advertise: text, bind: text, name: text, port, rpc_listener: toggle });

export const telemetry: Kind = object({
  circonus_api_app: text,
  circonus_api_token: text,
  circonus_api_url: text,
  circonus_broker_id: text,
  circonus_broker_select_tag: text,
  circonus_check_display_name: text,
  circonus_check_force_metric_activation: text,
  circonus_check_id: text,
  circonus_check_instance_id: text,
  circonus_check_search_tag: text,
  circonus_check_tags: text,
  circonus_submission_interval: text,
  circonus_submission_url: text,
  disable_compat_1: toggle,
  disable_hostname: toggle,
  dogstatsd_addr: text,
  dogstatsd_tags: texts,
  enable_host_metrics: toggle,
  filter_default: toggle,
  metrics_prefix: text,
  prefix_filter: texts,
  prometheus_retention_time: duration,
  retry_failed_connection: toggle,
  statsd_address: text,
  statsite_address: text,
});

/** At the top level. */
export const tlsSettings: Keys = {
  ca_file: text,
  ca_path: text,
  cert_file: text,
  key_file: text,
  tls_cipher_suites: text,
  tls_min_version: text,
  tls_prefer_server_cipher_suites: toggle,
  verify_incoming: toggle,
  verify_incoming_https: toggle,
  verify_incoming_rpc: toggle,
  verify_outgoing: toggle,
  verify_server_hostname: toggle,
};
