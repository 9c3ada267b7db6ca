"""Requests: from checked values to a request."""
