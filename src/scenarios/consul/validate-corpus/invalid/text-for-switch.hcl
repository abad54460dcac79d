data_dir = "/var/lib/agent"
server = "true"
