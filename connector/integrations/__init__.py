"""Adapters to what other programs expect; each imports its library when it is used."""
