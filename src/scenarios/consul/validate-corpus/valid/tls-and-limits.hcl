data_dir = "/var/lib/agent"
verify_incoming = true
verify_outgoing = true
ca_file = "/etc/agent/ca.pem"
cert_file = "/etc/agent/agent.pem"
key_file = "/etc/agent/agent-key.pem"
limits { http_max_conns_per_client = 250 rpc_rate = 100.5 rpc_handshake_timeout = "5s" }
