data_dir = "/var/lib/agent"
http_api_response_headers { "X-Frame-Options" = "DENY" }
