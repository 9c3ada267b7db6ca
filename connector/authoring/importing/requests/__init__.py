"""Requests as a description has them: schemas of bodies, what fits them, and the inputs that send it."""
