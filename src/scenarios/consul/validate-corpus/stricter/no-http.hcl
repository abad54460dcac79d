data_dir = "/var/lib/agent"
ports { http = -1 }
