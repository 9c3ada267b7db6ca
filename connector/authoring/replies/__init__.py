"""Recorded replies, run through the exchange that real calls use."""
