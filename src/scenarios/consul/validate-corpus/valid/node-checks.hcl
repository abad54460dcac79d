data_dir = "/var/lib/agent"
checks = [{ id = "mem", name = "memory", ttl = "5s" }, { name = "disk", alias_service = "web" }]
service { name = "web" }
check { name = "web is there" service_id = "web" ttl = "1m" }
