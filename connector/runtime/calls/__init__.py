"""From arguments to a prepared call."""
