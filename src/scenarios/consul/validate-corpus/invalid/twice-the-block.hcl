data_dir = "/var/lib/agent"
ports { http = 1 }
ports { dns = 2 }
