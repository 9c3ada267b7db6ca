"""The webhook commands."""
