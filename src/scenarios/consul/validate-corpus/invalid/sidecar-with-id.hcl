data_dir = "/var/lib/agent"
service { name = "web" connect { sidecar_service { id = "own" } } }
