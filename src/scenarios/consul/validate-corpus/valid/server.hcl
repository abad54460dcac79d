data_dir = "/var/lib/agent"
# a server of a cluster, as its operator would write it
datacenter = "dc1"
node_name = "one"
server = true
bootstrap_expect = 1
bind_addr = "127.0.0.1"
client_addr = "127.0.0.1 ::1"
retry_join = ["10.0.0.1", "10.0.0.2"]
encrypt = "cg8StVXbQJ0gPvMd9o7yrg=="
leave_on_terminate = true
performance { raft_multiplier = 1 }
autopilot { cleanup_dead_servers = true last_contact_threshold = "200ms" }
gossip_lan { gossip_nodes = 3 }
telemetry { prometheus_retention_time = "24h" disable_hostname = true }
dns_config { node_ttl = "5s" service_ttl { "*" = "10s" } only_passing = true }
ports { dns = 8600 http = 8500 https = -1 grpc = 8502 }
connect { enabled = true ca_provider = "consul" ca_config { leaf_cert_ttl = "72h" rotation_period = "2160h" } }
