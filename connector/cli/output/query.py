"""`--query`: a JMESPath expression on a result's data, compiled before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EXPECTED_EXPRESSION = "a JMESPath expression (https://jmespath.org)"


class Query:
    """A compiled expression. Raises InputError with the position of the first error."""

    def __init__(self, expression: str) -> None:
        import jmespath
        from jmespath import exceptions

        try:
            self._compiled = jmespath.compile(expression)
        except exceptions.ParseError as error:
            position = min(error.lex_position, len(expression)) + 1
            raise _build_error(
                expression, f"check position {position}: {_describe_position(expression, position)}"
            ) from None
        except exceptions.JMESPathError:
            raise _build_error(expression, "write one such as 'users[].email', or remove --query") from None
        unknown_functions = [
            name for name in _find_function_names(self._compiled.parsed) if name not in _load_known_functions()
        ]
        if unknown_functions:
            raise _build_error(
                expression,
                f"there is no function {unknown_functions[0]}(); use {', '.join(sorted(_load_known_functions()))}",
            )

    def apply(self, data: Any) -> Any:
        """Return what the expression selects. Raises UsageError if a function does not accept the data."""
        from jmespath import exceptions

        try:
            return self._compiled.search(data)
        except exceptions.JMESPathTypeError as error:
            types = " or ".join(error.expected_types)
            message = f"--query: {error.function_name}() accepts {types}, not {error.actual_type}."
        except exceptions.JMESPathError as error:
            message = f"--query: the expression does not fit the data ({type(error).__name__})."
        raise UsageError(message, outcome="done", hint="The call succeeded; its whole result is printed instead.")


def _describe_position(expression: str, position: int) -> str:
    return (
        "the expression ends too early"
        if position > len(expression)
        else f"{expression[position - 1 : position + 19]!r}"
    )


def _build_error(expression: str, fix: str) -> InputError:
    return InputError.from_problems("options", [Problem("--query", repr(expression), _EXPECTED_EXPRESSION, fix)])


def _find_function_names(tree: Any) -> Iterator[str]:
    """Yield the names of the functions that an expression calls."""
    if not isinstance(tree, dict):
        return
    if tree.get("type") == "function_expression":
        yield tree["value"]
    for child in tree.get("children", ()):
        yield from _find_function_names(child)


def _load_known_functions() -> Mapping[str, Any]:
    from jmespath.functions import Functions

    table: Mapping[str, Any] = Functions.FUNCTION_TABLE
    return table
