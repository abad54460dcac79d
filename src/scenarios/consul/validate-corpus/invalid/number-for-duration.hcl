data_dir = "/var/lib/agent"
check_update_interval = 5
