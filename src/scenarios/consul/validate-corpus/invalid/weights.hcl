data_dir = "/var/lib/agent"
service { name = "web" weights { passing = 0 warning = 2 } }
