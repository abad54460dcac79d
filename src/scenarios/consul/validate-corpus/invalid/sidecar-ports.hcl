data_dir = "/var/lib/agent"
ports { sidecar_min_port = 22000 sidecar_max_port = 21000 }
