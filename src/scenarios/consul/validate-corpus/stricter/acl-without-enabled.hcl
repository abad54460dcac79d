data_dir = "/var/lib/agent"
acl { default_policy = "deny" }
