data_dir = "/var/lib/agent"
service "web" { port = 1 }
