"""A stand-in service for any connector folder, made from its definitions."""
