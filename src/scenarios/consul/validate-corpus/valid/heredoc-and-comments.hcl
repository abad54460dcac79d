data_dir = "/var/lib/agent"
// one kind of comment
# another
/* and
   a third */
service {
  name = "web"
  meta {
    note = <<END
two
lines
END
  }
}
log_level = "INFO"
