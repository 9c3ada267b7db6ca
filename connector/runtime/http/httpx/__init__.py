"""The transport over httpx and httpx2."""
