data_dir = "/var/lib/agent"
service {
  name = "web-proxy"
  kind = "connect-proxy"
  port = 21000
  proxy {
    destination_service_name = "web"
    local_service_port = 8080
    config { handshake_timeout_ms = 3000 nested { anything = ["goes", 1, true] } }
    mesh_gateway { mode = "local" }
    expose { checks = true paths { path = "/health" local_path_port = 8080 listener_port = 21500 } }
  }
}
