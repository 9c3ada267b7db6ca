"""Sandboxes, OAuth clients and terminals for tests."""
