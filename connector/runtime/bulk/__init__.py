"""One action over many rows."""
