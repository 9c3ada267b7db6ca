"""Comparing a connector with the page it mirrors."""
