"""Meetings of many tenants: sign-in, calls, and events of the service."""
