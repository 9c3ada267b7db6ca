"""`--query`: a JMESPath expression over a result's data, judged before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RULE = "a JMESPath expression (https://jmespath.org)"


class Query:
    """A compiled expression. Raises InputError with the position of the first mistake."""

    def __init__(self, expression: str) -> None:
        import jmespath
        from jmespath import exceptions

        try:
            self._compiled = jmespath.compile(expression)
        except exceptions.ParseError as error:
            place = min(error.lex_position, len(expression)) + 1
            raise _refused(expression, f"look at position {place}: {_said(expression, place)}") from None
        except exceptions.JMESPathError:
            raise _refused(expression, "write one, such as 'users[].email', or leave --query out") from None
        unknown = [name for name in _functions(self._compiled.parsed) if name not in _known()]
        if unknown:
            raise _refused(expression, f"there is no function {unknown[0]}(); {', '.join(sorted(_known()))} there are")

    def read(self, data: Any) -> Any:
        """Return what the expression finds. Raises UsageError for a function that does not take what it finds."""
        from jmespath import exceptions

        try:
            return self._compiled.search(data)
        except exceptions.JMESPathTypeError as error:
            message = (
                f"--query: {error.function_name}() takes {' or '.join(error.expected_types)}, not {error.actual_type}."
            )
        except exceptions.JMESPathError as error:
            message = f"--query: the expression does not suit the data ({type(error).__name__})."
        raise UsageError(message, outcome="done", hint="The call itself is done; its whole result is printed instead.")


def _said(expression: str, place: int) -> str:
    return "the expression ends too early" if place > len(expression) else f"{expression[place - 1 : place + 19]!r}"


def _refused(expression: str, fix: str) -> InputError:
    return InputError.of("options", [Problem("--query", repr(expression), _RULE, fix)])


def _functions(tree: Any) -> Iterator[str]:
    """Yield the names of the functions that an expression calls."""
    if not isinstance(tree, dict):
        return
    if tree.get("type") == "function_expression":
        yield tree["value"]
    for child in tree.get("children", ()):
        yield from _functions(child)


def _known() -> Mapping[str, Any]:
    from jmespath.functions import Functions

    table: Mapping[str, Any] = Functions.FUNCTION_TABLE
    return table
