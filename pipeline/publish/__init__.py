"""Writing a version, auditing it, switching to it."""
