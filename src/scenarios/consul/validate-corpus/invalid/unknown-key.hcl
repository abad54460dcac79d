data_dir = "/var/lib/agent"
bogus = 1
