data_dir = "/var/lib/agent"
service { name = "web" prot = 80 }
