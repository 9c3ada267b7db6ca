"""The exception for a value that breaks a rule."""

from __future__ import annotations


class InvalidValue(Exception):
    """A value breaks a rule: `expected` says what is valid, `fix` how to correct it. It becomes a Problem."""

    def __init__(self, expected: str, fix: str = "", field: str = "") -> None:
        super().__init__(expected)
        self.expected, self.fix, self.field = expected, fix, field
