"""A sandbox that imitates the service of any connector folder, from its definitions."""
