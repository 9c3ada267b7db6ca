"""OAuth, JWTs and token sets, without I/O."""
