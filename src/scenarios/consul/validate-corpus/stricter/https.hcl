data_dir = "/var/lib/agent"
ports { https = 8501 }
