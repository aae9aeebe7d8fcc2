"""The host layer, without a box."""
