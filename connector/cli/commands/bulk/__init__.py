"""The commands for bulk runs that are kept in a database."""
