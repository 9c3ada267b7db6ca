"""Stores of connections: memory, folder, database; and encryption."""
