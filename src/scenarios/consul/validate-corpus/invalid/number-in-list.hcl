data_dir = "/var/lib/agent"
start_join = ["10.0.0.1", 5]
