data_dir = "/var/lib/agent"
check { name = "x" ttl = 1000000000 }
