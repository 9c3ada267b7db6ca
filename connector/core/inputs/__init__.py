"""From what the caller gave to checked values."""
