"""Bring your own data: a YAML file says which columns of an export become which columns of the landing contract."""
