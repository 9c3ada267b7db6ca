"""The pages of the docs as programs."""
