data_dir = "/var/lib/agent"
bind_addr = "{{ GetPrivateIP }}"
