data_dir = "/var/lib/agent"
service { name = "x" kind = "connect-proxy" port = 1 proxy { destination_service_name = "y" upstreams { destination_name = "db" } } }
