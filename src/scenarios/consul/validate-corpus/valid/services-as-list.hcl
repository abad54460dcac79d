data_dir = "/var/lib/agent"
services = [{ name = "a" }, { name = "b", port = 1, checks = [{ ttl = "10s" }] }]
