data_dir = "/var/lib/agent"
service { name = "x" kind = "connect-proxy" port = 1 }
