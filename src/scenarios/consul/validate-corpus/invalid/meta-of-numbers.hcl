data_dir = "/var/lib/agent"
service { name = "web" meta { version = 1 } }
