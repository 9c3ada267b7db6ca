"""Records, issued tokens, and the state file."""
