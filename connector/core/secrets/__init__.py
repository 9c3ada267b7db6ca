"""Find secrets in texts: by the names of what holds them, and by their values in any encoding."""
