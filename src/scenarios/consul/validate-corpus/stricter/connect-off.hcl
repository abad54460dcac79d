data_dir = "/var/lib/agent"
connect { enabled = false }
