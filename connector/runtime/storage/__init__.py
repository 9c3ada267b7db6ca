"""Where connections are stored."""
