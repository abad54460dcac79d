data_dir = "/var/lib/agent"
http_config { response_headers { "Content-Length" = "1" } }
