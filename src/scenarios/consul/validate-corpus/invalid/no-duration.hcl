data_dir = "/var/lib/agent"
checks = [{ id = "a", ttl = "soon" }]
