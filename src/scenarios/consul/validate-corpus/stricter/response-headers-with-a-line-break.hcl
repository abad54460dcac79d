data_dir = "/var/lib/agent"
http_config { response_headers { "X-Frame-Options" = "DENY\nX-Other: 1" } }
