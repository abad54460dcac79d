data_dir = "/var/lib/agent"
