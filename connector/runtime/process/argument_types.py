"""Arguments of a program that are of another type than is expected: a sentence in place of an error from within."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.redaction import describe_type
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.definition.loader import Connector

UNSET_HINT = "A variable of the environment that is not set gives None."


def describe_argument(value: Any) -> str:
    """Name what was given, such as `an int`, without its value."""
    return "None" if value is None else describe_type(value)


def require_type(name: str, value: Any, kinds: type | tuple[type, ...], expected: str, hint: str = "") -> None:
    """Raise UsageError for an argument of another type; a boolean is no number."""
    if not isinstance(value, kinds) or isinstance(value, bool):
        hint = " ".join(filter(None, (hint, UNSET_HINT if value is None else "")))
        raise UsageError(f"{name} is {describe_argument(value)}; expected {expected}.", hint=hint)


def require_seconds(name: str, value: Any, expected: str = "a number of seconds") -> float | None:
    """Return a number of seconds, or None for the default. Raises UsageError for anything else."""
    if value is not None:
        require_type(name, value, (int, float), expected)
    seconds: float | None = value
    return seconds


def require_method(name: str, value: Any, method: str, hint: str) -> None:
    """Raise UsageError for an object without a method; a class is not its instance."""
    if isinstance(value, type) or not callable(getattr(value, method, None)):
        given = f"the class {value.__name__}" if isinstance(value, type) else describe_argument(value)
        raise UsageError(f"{name} is {given}, which has no {method}().", hint=hint)


def require_connector(connector: Any) -> Connector:
    """Return a connector. Raises UsageError for anything else, such as its name."""
    require_method("connector", connector, "derive", "Pass Connector.open(FOLDER); without a folder, the bundled one.")
    known: Connector = connector
    return known


def require_store(store: Any) -> Any:
    """Return a store, or None. Raises UsageError for anything else, such as its URL."""
    if store is not None:
        require_method("store", store, "read", "Pass open_store(URL).")
    return store
