data_dir = "/var/lib/agent"
nodeName = "one"
