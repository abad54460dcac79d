data_dir = "/var/lib/agent"
node_meta { template = "${not.expanded}" }
