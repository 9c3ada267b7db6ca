"""Sandboxes and the people who use them."""
