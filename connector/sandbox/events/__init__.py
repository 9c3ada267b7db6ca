"""The events of the sandbox."""
