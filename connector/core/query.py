"""JMESPath expressions on data: compiled before anything is sent, and told in words where they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.invalid_value import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXPECTED_QUERY = "a JMESPath expression (https://jmespath.org)"


class UnfitQuery(Exception):
    """An expression does not accept the data; the message says why, as the end of a sentence."""


class DataQuery:
    """A compiled expression. Raises InvalidValue with the position of the first error."""

    def __init__(self, expression: str) -> None:
        import jmespath
        from jmespath import exceptions

        self.expression = expression
        try:
            self._compiled = jmespath.compile(expression)
        except exceptions.ParseError as error:
            position = min(error.lex_position, len(expression)) + 1
            told = _describe_position(expression, position)
            raise InvalidValue(EXPECTED_QUERY, f"check position {position}: {told}") from None
        except exceptions.JMESPathError:
            raise InvalidValue(EXPECTED_QUERY, "write one such as 'users[].email', or leave it out") from None
        except Exception:  # noqa: BLE001  the library's own mistakes, such as endless nesting
            raise InvalidValue(EXPECTED_QUERY, "write a simpler one, or leave it out") from None
        problem = next(_find_call_problems(self._compiled.parsed), None)
        if problem is not None:
            raise InvalidValue(EXPECTED_QUERY, problem)

    def select(self, data: Any) -> Any:
        """Return what the expression selects. Raises UnfitQuery."""
        from jmespath import exceptions

        try:
            return self._compiled.search(data)
        except exceptions.JMESPathTypeError as error:
            types = " or ".join(error.expected_types)
            raise UnfitQuery(f"{error.function_name}() accepts {types}, not {error.actual_type}") from None
        except TypeError:
            message = "the expression compares values of different types, such as a text and a number"
            raise UnfitQuery(message) from None
        except Exception as error:  # noqa: BLE001  whatever the library does with odd data
            raise UnfitQuery(f"the expression does not fit the data ({type(error).__name__})") from None


def _describe_position(expression: str, position: int) -> str:
    return (
        "the expression ends too early"
        if position > len(expression)
        else f"{expression[position - 1 : position + 19]!r}"
    )


def _find_call_problems(tree: Any) -> Iterator[str]:
    """Yield what is wrong with the function calls of an expression: the name, or the number of arguments."""
    from jmespath.functions import Functions

    known: Mapping[str, Any] = Functions.FUNCTION_TABLE
    if not isinstance(tree, dict):
        return
    name, arguments = tree.get("value"), tree.get("children", ())
    if tree.get("type") == "function_expression" and name not in known:
        yield f"there is no function {name}(); use {', '.join(sorted(known))}"
    elif tree.get("type") == "function_expression":
        signature = known[str(name)]["signature"]
        takes_more = bool(signature) and signature[-1].get("variadic", False)
        if len(arguments) < len(signature) or (len(arguments) > len(signature) and not takes_more):
            yield f"{name}() takes {'at least ' if takes_more else ''}{len(signature)}, not {len(arguments)} arguments"
    for child in arguments:
        yield from _find_call_problems(child)
