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
        except Exception:  # noqa: BLE001  the library's own mistakes, such as endless nesting
            raise _build_error(expression, "write a simpler one, or remove --query") from None
        problem = next(_find_call_problems(self._compiled.parsed), None)
        if problem is not None:
            raise _build_error(expression, problem)

    def apply(self, data: Any) -> Any:
        """Return what the expression selects. Raises UsageError if it does not accept the data."""
        from jmespath import exceptions

        try:
            return self._compiled.search(data)
        except exceptions.JMESPathTypeError as error:
            types = " or ".join(error.expected_types)
            message = f"--query: {error.function_name}() accepts {types}, not {error.actual_type}."
        except TypeError:
            message = "--query: the expression compares values of different types, such as a text and a number."
        except Exception as error:  # noqa: BLE001  whatever fails after the call, the call was made
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
