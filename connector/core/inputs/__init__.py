"""Inputs: from given values to checked values."""
