"""Connections, sign-in and token refresh."""
