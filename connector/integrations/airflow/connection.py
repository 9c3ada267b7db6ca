"""Read an Airflow connection as a connection of a connector; nothing here asks Airflow for anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.definition.loader import Connector
from connector.errors import UsageError
from connector.first_use import dataclass
from connector.integrations.airflow_info import FOLDER, GENERIC_TYPE, INPUTS, KIND, STORED, WORDS, read_bundled_manifest
from connector.runtime.auth.connection import Connection

if TYPE_CHECKING:
    from airflow.sdk import Connection as AirflowConnection

    from connector.definition.connection_type import ConnectionType

_EMPTY = (None, "")  # what a form leaves in the fields that nobody filled in


@dataclass(frozen=True, slots=True)
class FoundConnection:
    """A connector and the connection that calls are made with: itself, the name of a stored one, or None for none."""

    connector: Connector
    connection: Connection | str | None

    def list_secrets(self) -> tuple[str, ...]:
        """Return the secrets that a log must not show."""
        return self.connection.secrets() if isinstance(self.connection, Connection) else ()


def find_default(folder: str | None) -> FoundConnection:
    """Return the connection of the environment. Raises SignInError, DefinitionError."""
    connector = Connector.open(folder)
    return FoundConnection(connector, Connection.from_env(connector) if connector.manifest.connections else None)


def read_connection(found: AirflowConnection, folder: str | None) -> FoundConnection:
    """Return what an Airflow connection describes; `folder` is that of the task, if it names one.

    Raises UsageError for one that is not for a connector or for another one, InputError with every problem of its
    inputs, DefinitionError.
    """
    extra = _read_extra(found)
    connector = Connector.open(_choose_folder(found, extra, folder))
    if STORED in extra:
        return FoundConnection(connector, str(extra[STORED]))
    kinds = connector.manifest.connections
    kind = extra.get(KIND) or (next(iter(kinds)) if len(kinds) == 1 else None)
    if kind not in kinds:
        given = "no kind" if kind is None else f"the kind {kind!r}"
        message = f"The Airflow connection {found.conn_id!r} has {given}; {connector.name} has {', '.join(kinds)}."
        raise UsageError(message, hint=f"Write one of them as {KIND!r} into its extra.")
    inputs = _choose_inputs(extra, kinds, kind)
    _take_password(found.password, kinds[kind], inputs)
    return FoundConnection(connector, Connection(connector, kind, inputs, name=str(found.conn_id)))


def _read_extra(found: AirflowConnection) -> dict[str, Any]:
    """Return the extra without empty fields. `extra_dejson` is not asked, since it would block a triggerer."""
    if found.conn_type not in (GENERIC_TYPE, read_bundled_manifest().connector):
        expected = f"{read_bundled_manifest().connector} or {GENERIC_TYPE}"
        raise UsageError(f"The Airflow connection {found.conn_id!r} is a {found.conn_type}; expected {expected}.")
    try:
        extra = json.loads(found.extra or "{}")
        inputs = extra.get(INPUTS) or {}
        extra[INPUTS] = json.loads(inputs) if isinstance(inputs, str) else inputs
        extra[INPUTS].items()
    except (ValueError, AttributeError):
        message = f"The extra of the Airflow connection {found.conn_id!r} cannot be read."
        raise UsageError(message, hint=f"Write a JSON object, and {INPUTS!r} as an object in it.") from None
    return {key: value for key, value in extra.items() if value not in _EMPTY}


def _choose_folder(found: AirflowConnection, extra: dict[str, Any], folder: str | None) -> str | None:
    """Return the folder: a secret that is meant for one service must not reach another."""
    stored = str(extra[FOLDER]) if FOLDER in extra and found.conn_type == GENERIC_TYPE else None
    if stored is None and found.conn_type == GENERIC_TYPE:
        message = f"The Airflow connection {found.conn_id!r} names no folder."
        raise UsageError(message, hint=f"Write the connector's folder as {FOLDER!r} into its extra.")
    if folder is not None and folder != stored:
        message = f"The Airflow connection {found.conn_id!r} is for {stored or 'the bundled connector'}, not {folder}."
        raise UsageError(message, hint="Its secret must not reach another service; choose another connection.")
    return stored


def _choose_inputs(extra: dict[str, Any], kinds: dict[str, ConnectionType], kind: str) -> dict[str, Any]:
    """Return the inputs of a kind; what other kinds have in the same form is left out, what none has is told."""
    others = {key for other in kinds.values() for key in other.inputs} - set(kinds[kind].inputs)
    inputs = {key: value for key, value in extra.items() if key not in WORDS and key not in others}
    return {**inputs, **extra.get(INPUTS, {})}


def _take_password(password: str | None, kind: ConnectionType, inputs: dict[str, Any]) -> None:
    """Let the password be the one secret of a kind, where the extra does not have it."""
    secrets = [key for key, field in kind.inputs.items() if field.secret]
    if password and len(secrets) == 1:
        inputs.setdefault(secrets[0], password)
