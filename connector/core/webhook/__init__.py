"""Webhook signatures and events."""
