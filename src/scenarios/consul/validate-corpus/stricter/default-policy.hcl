data_dir = "/var/lib/agent"
acl { enabled = true default_policy = "alow" }
