"""Resolve the connection of a call: the client's own, or the one that the call names."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from connector.core.redaction import describe_type, preview
from connector.errors import ConnectorError, DeadlineError, InputError, Problem, UsageError
from connector.runtime.auth import shared_work
from connector.runtime.auth.shared_work import SharedWork
from connector.runtime.process.argument_types import require_connector, require_store

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from concurrent import futures

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.storage.store import Store

    ResolveConnection = Callable[[str], Credentials]

EARLY_LOAD_TIMEOUT = 0.5  # seconds that the creation of a client waits for a store


class ConnectionResolver:
    """The connections of one client.

    A client with a connection uses only that one: the inputs of a call may come from anybody, and must not select
    another account. A client without one loads the connections that its calls name, and caches them. A connection is
    loaded on a thread of its own, when a call first needs it: a store may be slow, and calls have deadlines.
    """

    def __init__(
        self,
        connector: Connector,
        default: Credentials | str | None,
        store: Store | None,
        resolve_connection: ResolveConnection | None,
    ) -> None:
        self._connector = require_connector(connector)
        require_store(store)
        if resolve_connection is not None and not callable(resolve_connection):
            message = f"resolve_connection is {describe_type(resolve_connection)}, which cannot be called."
            raise UsageError(message, hint="Pass a function that takes a name and returns a Connection.")
        self._is_custom = resolve_connection is not None
        self._resolve_connection = resolve_connection or (lambda name: _load_stored(connector, name, store))
        self._loaded: dict[str, Credentials] = {}
        self._loads: SharedWork[Credentials] = SharedWork(
            "connector-store", purpose="read the connection", is_daemon=True
        )
        self._default_name = default if isinstance(default, str) else None
        self._default = None if isinstance(default, str) else self._check_connector(default)

    @property
    def default(self) -> Credentials | None:
        """The client's own connection; None if it has none, or has not loaded it yet."""
        return self._default if self._default_name is None else self._loaded.get(self._default_name)

    @property
    def default_name(self) -> str | None:
        """The name of the client's own connection, or None."""
        return self._default.name if self._default is not None else self._default_name

    def load_default_early(self) -> None:
        """Load the client's own connection if its store answers quickly, so that an unknown name is told at once.

        Raises what loading it raises. A slow store is waited for by the calls, within their deadlines.
        """
        if self._default_name is not None:
            with contextlib.suppress(DeadlineError):
                self.load(self._default_name, EARLY_LOAD_TIMEOUT)

    def find_unloaded(self, named: Any) -> str | None:
        """Return the name that a call must load first, or None; `named` is what the call itself names."""
        name = self._default_name if self._default_name is not None else named
        if self._default is not None or not isinstance(name, str) or not name or name in self._loaded:
            return None
        return name

    def load(self, named: Any, seconds: float, cancel: threading.Event | None = None) -> float:
        """Load the connection of a call if it is not loaded yet; return the seconds that this took.

        It takes at most `seconds`, and ends when `cancel` is set. Raises ConnectorError.
        """
        name = self.find_unloaded(named)
        if name is None:
            return 0.0
        began = time.monotonic()
        loading = self._start_or_join(name)
        shared_work.wait(loading, seconds, cancel)
        _check_loaded(loading, name, seconds)
        return time.monotonic() - began

    async def load_async(self, named: Any, seconds: float, cancel: threading.Event | None = None) -> float:
        """As `load`, in a task."""
        name = self.find_unloaded(named)
        if name is None:
            return 0.0
        began = time.monotonic()
        loading = self._start_or_join(name)
        await shared_work.wait_async(loading, seconds, cancel)
        _check_loaded(loading, name, seconds)
        return time.monotonic() - began

    def _start_or_join(self, name: str) -> futures.Future[Credentials]:
        return self._loads.start_or_join(name, lambda: self._load(name))

    def resolve(self, named: Any, action: Action, *, is_shown_only: bool = False) -> Credentials | None:
        """Return the loaded connection of a call, or None. Raises InputError.

        A call that `is_shown_only` needs none: then what is not loaded counts as none.
        """
        connection, default_name = self.default, self.default_name
        if default_name is None:
            if named is None:
                return None
            if not is_shown_only and (not isinstance(named, str) or not named):
                raise InputError.from_problems(
                    action.action, [Problem("connection", preview(named), "the name of a connection")]
                )
            connection = self._loaded.get(named) if isinstance(named, str) else None
        elif connection is not None and named is not None and named not in (default_name, connection.kind):
            problem = Problem("connection", preview(named), default_name, "create a client with that connection")
            raise InputError.from_problems(action.action, [problem])
        if connection is not None and not connection.can_run(action):
            allowed_types = ", ".join(action.connections or self._connector.manifest.connections)
            problem = Problem("connection", connection.kind, f"a connection that may run it: {allowed_types}")
            raise InputError.from_problems(action.action, [problem])
        return connection

    def forget(self, connection: Credentials) -> None:
        """Forget a connection whose credential was rejected; a stored one, or one with tokens, is renewed otherwise."""
        if self._is_custom and connection.token_source is None:
            for name, loaded in list(self._loaded.items()):
                if loaded is connection:
                    self._loaded.pop(name, None)

    def _load(self, name: str) -> Credentials:
        connection = self._loaded.get(name)
        if connection is None:
            connection = self._check_connector(self._resolve_connection(name))
            if connection is None:
                raise UsageError("resolve_connection returned nothing.", hint="Return a Connection.")
            connection = self._loaded.setdefault(name, connection)
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


def _load_stored(connector: Connector, name: str, store: Store | None) -> Credentials:
    from connector.runtime.auth.connection import Connection

    return Connection.load(connector, name, store=store)


def _check_loaded(loading: futures.Future[Credentials], name: str, seconds: float) -> None:
    message = f"The connection {name!r} was not read from its store within {seconds:.1f} s."
    loaded = shared_work.get_result(loading, message, seconds)
    if isinstance(loaded, ConnectorError):
        raise loaded
