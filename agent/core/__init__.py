"""Values and rules: no I/O, no clock, no async. An invalid value cannot be constructed."""
