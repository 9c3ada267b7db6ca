"""What the environment says of a connection: variables such as NAME_CLIENT_ID, or files that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.fields import snake
from connector.errors import InputError, Problem, SignInError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.loader import Connector


def connection(connector: Connector, kind: str | None, known: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the kind of connection that variables describe, and its inputs.

    Raises SignInError when none is complete, UsageError when two are as good, InputError for a file that is unreadable.
    """
    found = {key: setting(known, name) for name, key in connector.manifest.variables.items()}
    values = {key: value for key, value in found.items() if value}
    chosen = kind or _best(connector, values)
    declared = connector.manifest.connections.get(chosen)
    return chosen, {key: value for key, value in values.items() if declared and key in declared.inputs}


def setting(known: Mapping[str, str], name: str) -> str | None:
    """Return what a variable holds, or the file that NAME_FILE names; None when both are unset. Raises InputError."""
    if known.get(name):
        return known[name]
    path = known.get(f"{name}_FILE")
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  a plain read
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError.of(f"{name}_FILE", [Problem(f"{name}_FILE", path, f"a file to read: {reason}")]) from None


def _best(connector: Connector, values: Mapping[str, str]) -> str:
    declared = connector.manifest.connections
    required = {name: [k for k, spec in kind.inputs.items() if spec.required] for name, kind in declared.items()}
    complete = {name: len(keys) for name, keys in required.items() if keys and all(key in values for key in keys)}
    if not complete:
        prefix = connector.name.upper()
        names = "; or ".join(
            ", ".join(f"{prefix}_{snake(key)}".upper() for key in keys) for keys in required.values() if keys
        )
        raise SignInError(f"The environment names no connection to {connector.manifest.label}.", hint=f"Set {names}.")
    most = max(complete.values())
    best = [name for name, count in complete.items() if count == most]
    if len(best) > 1:
        raise UsageError(f"The environment describes {' and '.join(best)} alike.", hint="Say which kind you mean.")
    return best[0]
