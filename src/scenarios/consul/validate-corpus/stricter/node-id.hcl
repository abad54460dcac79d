data_dir = "/var/lib/agent"
node_id = "one"
