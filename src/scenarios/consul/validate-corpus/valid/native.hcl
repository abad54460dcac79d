data_dir = "/var/lib/agent"
service { name = "web" port = 1 connect { native = true } }
