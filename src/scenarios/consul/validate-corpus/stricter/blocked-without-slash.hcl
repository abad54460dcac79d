data_dir = "/var/lib/agent"
http_config { block_endpoints = ["v1/agent"] }
