data_dir = "/var/lib/agent"
service { name = "web" connect { sidecar_service { connect { sidecar_service {} } } } }
