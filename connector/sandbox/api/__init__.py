"""Routing, validation, pagination and limits of the sandbox."""
