data_dir = "/var/lib/agent"
service { name = "web" EnableTagOverride = true }
