data_dir = "/var/lib/agent"
service { name = "web" connect { sidecar_service { proxy { upstreams = [{ destination_type = "prepared_query" destination_name = "q" local_bind_port = 9000 datacenter = "dc2" local_bind_address = "127.0.0.2" }] } } } }
