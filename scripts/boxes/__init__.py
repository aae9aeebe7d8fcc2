"""The box: a throw-away Debian appliance with real systemd, nspawn, ZFS and nix, on any Linux."""
