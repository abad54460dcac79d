data_dir = "/var/lib/agent"
server = 1
