data_dir = "/var/lib/agent"
service { name = "web" check { http = "http://x" } }
