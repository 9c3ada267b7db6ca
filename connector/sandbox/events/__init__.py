"""Sample events, signing, and sending."""
