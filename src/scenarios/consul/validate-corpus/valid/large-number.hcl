data_dir = "/var/lib/agent"
raft_snapshot_threshold = 3000000000
