"""Private files and file locks."""
