"""Rules of words without effect: each is valid by itself, and does nothing where it stands."""
