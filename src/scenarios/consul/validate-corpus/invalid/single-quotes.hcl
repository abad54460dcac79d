data_dir = "/var/lib/agent"
node_name = 'one'
