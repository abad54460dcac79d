data_dir = "/var/lib/agent"
service {
  id   = "web-1"
  name = "web"
  port = 8080
  tags = ["a", "b"]
  meta { version = "1" }
  token = "a-token"
  tagged_addresses { lan { address = "10.0.0.1" port = 8080 } }
  weights { passing = 10 warning = 1 }
  check { name = "alive" http = "http://127.0.0.1:8080/" interval = "10s" timeout = "1s" header { Accept = ["*/*"] } }
  connect {
    sidecar_service {
      proxy {
        upstreams { destination_name = "db" local_bind_port = 9191 config { connect_timeout_ms = 1000 } }
        upstreams { destination_name = "cache" local_bind_port = 9192 }
      }
    }
  }
}
