"""Rules of triggers."""
