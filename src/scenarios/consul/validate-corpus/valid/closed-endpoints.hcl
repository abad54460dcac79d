data_dir = "/var/lib/agent"
http_config {
  block_endpoints = ["/v1/agent/leave", "/v1/kv/"]
  allow_write_http_from = ["127.0.0.1/32", "fd00::/8"]
}
ports { https = -1 }
connect { enabled = true }
