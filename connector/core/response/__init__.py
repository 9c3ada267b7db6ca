"""Responses: from a reply to a result or an error."""
