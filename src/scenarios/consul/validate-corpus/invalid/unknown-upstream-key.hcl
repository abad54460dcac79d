data_dir = "/var/lib/agent"
service { name = "web" connect { sidecar_service { proxy { upstreams { destination_name = "db" local_bind_prot = 1 } } } } }
