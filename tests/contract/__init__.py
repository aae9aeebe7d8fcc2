"""Suites that run on the real thing and on what stands in for it, and so keep the two alike."""
