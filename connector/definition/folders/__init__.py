"""What lies in a connector's folder beside its files, and where installed folders are."""
