data_dir = "/var/lib/agent"
check { name = "disk" args = ["/bin/true"] interval = "1m" }
