data_dir = "/var/lib/agent"
connect { proxy { allow_managed_root = false } proxy_defaults { exec_mode = "daemon" } }
