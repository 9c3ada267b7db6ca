"""Bulk runs: one action over many rows."""
