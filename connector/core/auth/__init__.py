"""OAuth, JWT and tokens, as data."""
