"""Tests that run inside the box, on its real systemd, ZFS, nspawn and mmdebstrap."""
