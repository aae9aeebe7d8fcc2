"""What must be fast, measured: each script prints its numbers and fails over its limit."""
