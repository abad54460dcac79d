data_dir = "/var/lib/agent"
check { name = "x" http = "http://x" interval = "1s" header { Accept = "x" } }
