"""Requests, responses, body parsing and fault injection."""
