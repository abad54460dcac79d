data_dir = "/var/lib/agent"
services { name = "a" }
services { name = "b" port = 1 }
