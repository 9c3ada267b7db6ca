"""Typed Python of a connector: a class whose methods are its actions, and types of what they return."""
