# Public SSH keys of who administers this host and may edit its secrets.
[
  "ssh-ed25519 REPLACE-ME"
]
