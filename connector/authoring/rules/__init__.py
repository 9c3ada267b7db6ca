"""Lint's rules, small functions by what they look at: a draft and the sources -> mistakes."""
