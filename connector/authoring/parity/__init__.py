"""Comparison of a connector with the page that it mirrors."""
