"""Where a command's calls go: the connector, a client for each connection, or the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from connector.cli import failure
from connector.cli.watch import Watched
from connector.edge.client import Client
from connector.edge.connection import Connection
from connector.edge.http import choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.cli.options import Options
    from connector.cli.settings import Settings
    from connector.core.response import Reply
    from connector.definition.load import Connector
    from connector.errors import TransportError


def base_url(connector: Connector, settings: Settings) -> str | None:
    """Return the base URL that the owner of the process set in place of the manifest's."""
    found: str | None = settings.get("base_url", f"{connector.name}_BASE_URL".upper()).value
    return found


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
        name = None if self.options.sandbox else self.options.connection or connection or self._default()
        if name not in self._clients:
            self._clients[name] = self._stand_in() if self.options.sandbox else self._real(name)
        return self._clients[name]

    def _default(self) -> str | None:
        found: str | None = self.settings.get("connection").value
        return found

    def _real(self, name: str | None) -> Client:
        made = Connection.from_env(self.connector, name)
        seam = self._watched(choose(None, asynchronous=False))
        return Client(self.connector, made, http=seam, base_url=base_url(self.connector, self.settings))

    def _stand_in(self) -> Client:
        from connector.sandbox.box import Sandbox, state_path
        from connector.sandbox.faults import parse

        faults = tuple(parse(text) for text in self.options.fault)
        box = Sandbox(self.connector, state_path(self.connector), faults)
        self.note(f"Sandbox: a stand-in for {self.connector.manifest.label}. Nothing leaves this machine.")
        connection: Any = box.connection
        place = self.connector.manifest.base_url  # whatever the owner set: nothing is sent there
        return Client(self.connector, connection, http=self._watched(box.http), base_url=place)

    def _watched(self, inner: Any) -> Watched:
        seam = Watched(inner, self.told)
        self._seams.append(seam)
        return seam

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
