"""Downloads that resume."""
