data_dir = "/var/lib/agent"
ports { http = 8500.7 }
