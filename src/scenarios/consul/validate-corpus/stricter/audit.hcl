data_dir = "/var/lib/agent"
audit { enabled = true }
