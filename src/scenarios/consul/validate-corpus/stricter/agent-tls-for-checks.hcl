data_dir = "/var/lib/agent"
enable_agent_tls_for_checks = true
