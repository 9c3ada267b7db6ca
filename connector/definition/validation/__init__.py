"""Checks of what a file says: against the schema of its model, and of words that were renamed."""
