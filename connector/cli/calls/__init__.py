"""The calls of a command."""
