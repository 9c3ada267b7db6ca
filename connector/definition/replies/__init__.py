"""The models of replies: what follows them, and recorded ones."""
