"""Test a connection with a call that changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.json_path import get_at_path
from connector.errors import ConnectorError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.cli.context.connection_context import ConnectionContext
    from connector.runtime.auth.connection import Connection
    from connector.runtime.client.client import Client

TOKEN_TIMEOUT = 60.0  # seconds to fetch a token


@dataclass(frozen=True, slots=True)
class ConnectionTestResult:
    """The result of a test: action, status, and the fields that identify the account."""

    action: str | None
    status: int | None
    identity_fields: dict[str, Any]

    @property
    def identity(self) -> str:
        """The connected account, as the service names it."""
        return ", ".join(map(str, self.identity_fields.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-safe data."""
        return {"action": self.action, "status": self.status, "shows": self.identity_fields}


def run_connection_test(
    context: ConnectionContext, connection: Connection, client: Client | None = None
) -> ConnectionTestResult:
    """Call the test action of a connection, by this client of it; if the connector has none, fetch a token at least.

    Raises ConnectorError.
    """
    if context.connector.manifest.find_connection_test(connection.kind) is None:
        if connection.token_source is not None:
            fetch_token(connection)
        return ConnectionTestResult(None, None, {})
    if client is not None:
        return _call_test_action(context, client, connection.kind)
    with context.open_client(connection) as own_client:
        return _call_test_action(context, own_client, connection.kind)


def _call_test_action(context: ConnectionContext, client: Client, kind: str) -> ConnectionTestResult:
    """Call the test action of a kind of connection. Raises ConnectorError."""
    connection_test = context.connector.manifest.find_connection_test(kind)
    assert connection_test is not None
    is_listing = context.connector.action(connection_test.action).pagination is not None
    timeout = context.settings.get("timeout").value
    result = client.run(
        connection_test.action, connection_test.inputs, limit=1 if is_listing else None, timeout=timeout
    )
    data = redaction.redactor_for(context.connector).redact_data(result.data)
    identity_fields = {field: get_at_path(data, field) for field in connection_test.identity_fields}
    return ConnectionTestResult(
        connection_test.action,
        result.status,
        {field: value for field, value in identity_fields.items() if value is not None},
    )


def fetch_token(connection: Connection) -> None:
    """Fetch a token for a connection whose kind needs one. Raises ConnectorError."""
    from connector.runtime.clock import SystemClock

    assert connection.token_source is not None
    token_or_error = connection.token_source.wait(None, SystemClock(), TOKEN_TIMEOUT)
    if isinstance(token_or_error, ConnectorError):
        raise token_or_error
