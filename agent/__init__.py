"""Voxnix: talk to your infrastructure."""
