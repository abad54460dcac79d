data_dir = "/var/lib/agent"
service { name = "web" address = "0.0.0.0" }
