data_dir = "/var/lib/agent"
ports { htttp = 1 }
