data_dir = "/var/lib/agent"
check { name = "x" script = "/bin/true" interval = "5s" }
