data_dir = "/var/lib/agent"
service { port = 80 }
