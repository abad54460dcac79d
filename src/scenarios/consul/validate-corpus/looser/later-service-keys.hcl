data_dir = "/var/lib/agent"
service { name = "web" namespace = "default" socket_path = "/run/web.sock" check { h2ping = "127.0.0.1:1" interval = "1s" } proxy { mode = "direct" } }
