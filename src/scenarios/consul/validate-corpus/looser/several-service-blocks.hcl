data_dir = "/var/lib/agent"
service { name = "a" }
service { name = "b" }
check { name = "c" ttl = "1m" }
check { name = "d" ttl = "1m" }
