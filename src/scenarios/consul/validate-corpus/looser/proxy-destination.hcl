data_dir = "/var/lib/agent"
service { name = "p" kind = "connect-proxy" port = 1 proxy_destination = "web" }
