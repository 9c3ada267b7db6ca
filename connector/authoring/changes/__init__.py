"""What changed between two versions of a connector, and what of it breaks those who use it."""
