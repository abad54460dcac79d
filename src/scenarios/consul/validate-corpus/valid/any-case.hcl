data_dir = "/var/lib/agent"
NODE_NAME = "one"
Ports { HTTP = 8501 }
Service { Name = "web" ID = "web-1" Meta { Key = "v" } Check { TTL = "5s" DeregisterCriticalServiceAfter = "1h" } }
