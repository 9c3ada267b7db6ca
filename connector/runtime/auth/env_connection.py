"""Read a connection from environment variables such as NAME_CLIENT_ID, or from files that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import SignInError, UsageError
from connector.runtime.process.env import read_env_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.loader import Connector


def read_env_connection(
    connector: Connector, kind: str | None, environ: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """Return the connection type that the variables define, and its inputs.

    Raises SignInError if none is complete, UsageError if two tie, InputError for an unreadable file.
    """
    values = read_env_values(connector, environ)
    chosen_kind = kind or _choose_most_complete(connector, values)
    connection_type = connector.manifest.connections.get(chosen_kind)
    return chosen_kind, {
        key: value for key, value in values.items() if connection_type and key in connection_type.inputs
    }


def read_env_values(connector: Connector, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the inputs that variables set, of all connection types. Raises InputError for an unreadable file."""
    variables = {key: read_env_value(environ, name) for name, key in connector.manifest.environment_variables.items()}
    return {key: value for key, value in variables.items() if value}


def _choose_most_complete(connector: Connector, values: Mapping[str, str]) -> str:
    connection_types = connector.manifest.connections
    required = {
        name: [input_name for input_name, field in connection_type.inputs.items() if field.required]
        for name, connection_type in connection_types.items()
    }
    complete_counts = {
        name: len(keys) for name, keys in required.items() if keys and all(key in values for key in keys)
    }
    if not complete_counts:
        names = "; or ".join(
            ", ".join(map(connector.manifest.environment_variable, keys)) for keys in required.values() if keys
        )
        raise SignInError(f"The environment defines no connection to {connector.manifest.label}.", hint=f"Set {names}.")
    max_count = max(complete_counts.values())
    best_kinds = [name for name, count in complete_counts.items() if count == max_count]
    if len(best_kinds) > 1:
        raise UsageError(
            f"The environment defines {' and '.join(best_kinds)} equally well.", hint="Pass the kind to use."
        )
    return best_kinds[0]
