"""The OAuth server, and the credentials that the sandbox accepts."""
