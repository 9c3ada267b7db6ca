"""The formats of replies that are neither JSON nor a file: CSV, JSON lines and XML, read as data."""
