"""The commands of settings."""
