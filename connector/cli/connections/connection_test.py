"""Testing a connection: one call that changes nothing, and who it says is connected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core import redaction as redact
from connector.core.json_path import dig
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from connector.cli.context.connection_context import Desk
    from connector.runtime.auth.connection import Connection

WAIT = 60.0  # seconds for a token


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test came to: the action that was run, the status, and what says who is connected."""

    action: str | None
    status: int | None
    shows: dict[str, Any]

    @property
    def who(self) -> str:
        """Who is connected, as far as the service tells."""
        return ", ".join(map(str, self.shows.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-safe data."""
        return {"action": self.action, "status": self.status, "shows": self.shows}


def run(desk: Desk, connection: Connection) -> Tested:
    """Make the call that tests a connection; where the connector names none, get a token at least.

    Raises ConnectorError, as any call.
    """
    probe = desk.connector.manifest.test_of(connection.kind)
    if probe is None:
        if connection.tokens is not None:
            get_token(connection)
        return Tested(None, None, {})
    lists = desk.connector.action(probe.action).pages is not None
    with desk.client(connection) as client:
        timeout = desk.settings.get("timeout").value
        result = client.run(probe.action, probe.given, limit=1 if lists else None, timeout=timeout)
    data = redact.of(desk.connector).data(result.data)
    shows = {field: dig(data, field) for field in probe.shows}
    return Tested(probe.action, result.status, {field: value for field, value in shows.items() if value is not None})


def get_token(connection: Connection) -> None:
    """Get a token for a connection whose kind needs one. Raises ConnectorError."""
    from connector.runtime.clock import SystemClock

    assert connection.tokens is not None
    got = connection.tokens.wait(None, SystemClock(), WAIT)
    if isinstance(got, ConnectorError):
        raise got
