"""Copies of everything that is kept."""
