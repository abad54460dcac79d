data_dir = "/var/lib/agent"
log_level = "loud"
