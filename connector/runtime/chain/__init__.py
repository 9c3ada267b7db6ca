"""Chains of calls: read from a file, journalled and resumed."""
