"""Sign-in and stored connections."""
