{ "data_dir": "/var/lib/agent", "ports": { "http": 8501 }, "service": { "name": "web" } }
