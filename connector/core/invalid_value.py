"""A value that a rule refuses: what was expected, and how to fix it."""

from __future__ import annotations


class InvalidValue(Exception):
    """A value that does not fit: what was expected, and how to mend it. It becomes a Problem."""

    def __init__(self, expected: str, fix: str = "", field: str = "") -> None:
        super().__init__(expected)
        self.expected, self.fix, self.field = expected, fix, field
