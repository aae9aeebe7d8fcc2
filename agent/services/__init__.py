"""The use cases: the only place for ownership, quotas, approval and audit."""
