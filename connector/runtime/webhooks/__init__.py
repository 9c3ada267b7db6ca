"""Receiving and delivering events."""
