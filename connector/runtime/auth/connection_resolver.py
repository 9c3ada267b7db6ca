"""Resolve the connection of a call: the client's own, or the one that the call names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.redaction import describe_type, preview
from connector.errors import InputError, Problem, UsageError
from connector.runtime.auth.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.storage.store import Store

    ResolveConnection = Callable[[str], Credentials]


class ConnectionResolver:
    """The connections of one client.

    A client with a connection uses only that one: the inputs of a call may come from anybody, and must not select
    another account. A client without one loads the connections that its calls name, and caches them.
    """

    def __init__(
        self,
        connector: Connector,
        default: Credentials | str | None,
        store: Store | None,
        resolve_connection: ResolveConnection | None,
    ) -> None:
        self._connector = connector
        self._resolve_connection = resolve_connection or (lambda name: Connection.load(connector, name, store=store))
        self._loaded: dict[str, Credentials] = {}
        self.default = self._load(default) if isinstance(default, str) else self._check_connector(default)

    def resolve(self, given: Any, action: Action, *, load_named: bool) -> Credentials | None:
        """Return the connection of a call, or None. Raises InputError, and what loading it raises.

        Without `load_named`, for a call that is only shown, a named connection is not loaded.
        """
        connection = self.default
        if connection is None and (given is None or not load_named):
            return None
        if connection is None:
            if not isinstance(given, str) or not given:
                raise InputError.from_problems(
                    action.action, [Problem("connection", preview(given), "the name of a connection")]
                )
            connection = self._load(given)
        elif given not in (None, connection.name, connection.kind):
            problem = Problem("connection", preview(given), connection.name, "create a client with that connection")
            raise InputError.from_problems(action.action, [problem])
        if not connection.can_run(action):
            allowed_types = ", ".join(action.connections or self._connector.manifest.connections)
            problem = Problem("connection", connection.kind, f"a connection that may run it: {allowed_types}")
            raise InputError.from_problems(action.action, [problem])
        return connection

    def _load(self, name: str) -> Credentials:
        connection = self._loaded.get(name)
        if connection is None:
            connection = self._check_connector(self._resolve_connection(name))
            assert connection is not None
            self._loaded[name] = connection
        return connection

    def _check_connector(self, connection: Credentials | None) -> Credentials | None:
        """Reject a connection of another connector: its secret must not reach this service. Raises UsageError."""
        owner_connector: Connector | None = getattr(connection, "connector", None)
        if connection is not None and owner_connector is None:
            raise UsageError(f"connection is {describe_type(connection)}.", hint="Pass a Connection or its name.")
        if owner_connector is not None and owner_connector.name != self._connector.name:
            hint = "Its secret must not reach another service; create a connection of this connector."
            raise UsageError(
                f"The connection belongs to {owner_connector.name}, not to {self._connector.name}.", hint=hint
            )
        return connection
