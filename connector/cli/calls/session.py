"""Where a command's calls go: the connector, a client for each connection, or the sandbox."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Self

from connector.cli.calls.watch import TellingClock, Watched
from connector.cli.context import connection_names as names
from connector.cli.context.connection_context import Desk
from connector.cli.output import errors as failure
from connector.runtime.client.client import Client
from connector.runtime.http.transport import choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.cli.context.run_options import Options
    from connector.cli.context.settings import Settings
    from connector.core.response.parser import Reply
    from connector.definition.loader import Connector
    from connector.errors import TransportError
    from connector.runtime.auth.connection import Connection


class Session:
    """The clients of one command, made when first needed, closed together."""

    def __init__(self, connector: Connector, settings: Settings, options: Options) -> None:
        self.connector = connector
        self.settings = settings
        self.options = options
        self.told: Callable[[Reply], None] = lambda _: None
        self._clients: dict[str | None, Client] = {}
        self._seams: list[Watched] = []

    def client(self, connection: str | None) -> Client:
        """Return the client of a connection, by name: the flag's, else this, else the setting's.

        Raises SignInError, InputError or UsageError when there is no such connection.
        """
        name = self.options.connection or connection or (None if self.options.sandbox else self._default())
        if name not in self._clients:
            self._clients[name] = self._made(name)
        return self._clients[name]

    def unsigned(self) -> Client:
        """Return a client without a connection, for what brings its own token."""
        self._clients[None] = self._client(None)
        return self._clients[None]

    def _default(self) -> str | None:
        found: str | None = self.settings.get("connection").value
        return found

    @cached_property
    def _desk(self) -> Desk:
        options = self.options
        desk = Desk(
            self.connector, self.settings, sandbox=options.sandbox, faults=options.fault, events_to=options.events_to
        )
        if desk.box is not None:  # it is made first: a fault that it does not know is all there is to say
            self.note(desk.introduction)
        return desk

    def _made(self, name: str | None) -> Client:
        desk = self._desk
        if desk.box is None:
            connection: Connection = names.resolve(desk, name)
        else:
            found = desk.stored(name) if name else None
            if found is None and self._unknown(name):
                raise names.unknown(desk, str(name))
            connection = found or desk.box.connection
        return self._client(connection)

    def _unknown(self, name: str | None) -> bool:
        """Whether a name was typed that is no kind; a call file's is that of a connection to the service."""
        return name == self.options.connection and name not in (None, *self.connector.manifest.connections)

    def _client(self, connection: Connection | None) -> Client:
        desk = self._desk
        seam = Watched(desk.http or choose(None, asynchronous=False), self.told)
        self._seams.append(seam)
        clock = TellingClock(self.note)
        return Client(self.connector, connection, http=seam, base_url=desk.base_url, budget=desk.budget, clock=clock)

    def note(self, text: str) -> None:
        """Say something on stderr that a quiet command leaves out."""
        if not self.options.quiet:
            failure.say(text)

    def interrupted(self) -> TransportError | None:
        """Return the error of a write that was under way, or None."""
        return next(filter(None, (seam.interrupted() for seam in self._seams)), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()
        for seam in self._seams:
            seam.close()
