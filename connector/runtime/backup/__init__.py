"""Copies of everything that is kept, and their way back."""
