data_dir = "/var/lib/agent"
service { name = "web" port = 1 connect { proxy { exec_mode = "daemon" command = ["/bin/true"] } } }
