"""Strict readers of YAML and JSON, with the line and column of every value."""
