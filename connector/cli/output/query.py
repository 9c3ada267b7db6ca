"""`--query`: a JMESPath expression on a result's data, compiled before anything is sent."""

from __future__ import annotations

from typing import Any

from connector.core.invalid_value import InvalidValue
from connector.core.query import DataQuery, UnfitQuery
from connector.errors import InputError, Problem, UsageError


def _suggest_query(expression: str) -> str:
    """Return what to write in place of an expression of jq, or a JSONPath; an empty text for any other."""
    meant = expression.removeprefix("$").removeprefix(".")
    try:
        is_meant = meant != expression and bool(DataQuery(meant))
    except InvalidValue:
        return ""
    return f"a JMESPath begins with a name: {meant}" if is_meant else ""


class Query:
    """A compiled expression. Raises InputError with the position of the first error."""

    def __init__(self, expression: str) -> None:
        try:
            self._query = DataQuery(expression)
        except InvalidValue as error:
            fix = _suggest_query(expression) or error.fix.replace("leave it out", "remove --query")
            problem = Problem("--query", repr(expression), error.expected, fix)
            raise InputError.from_problems("options", [problem]) from None

    def apply(self, data: Any) -> Any:
        """Return what the expression selects. Raises UsageError if it does not accept the data."""
        try:
            return self._query.select(data)
        except UnfitQuery as error:
            hint = "The call succeeded; its whole result is printed instead."
            raise UsageError(f"--query: {error}.", outcome="done", hint=hint) from None
