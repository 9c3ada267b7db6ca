"""The stored connections as rows, which the command and the console show."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.cli.connections.connection_view import KEY_PREFIX, ConnectionView, parse_key
from connector.errors import StoreError
from connector.runtime.auth import connection_record

if TYPE_CHECKING:
    from connector.cli.context.connection_context import ConnectionContext
    from connector.errors import ConnectorError

COLUMNS = ("name", "connector", "kind", "state", "expires", "scopes")


class ConnectionRow(NamedTuple):
    """A stored connection: the values of its columns, and the error that keeps it from being used, if there is one."""

    values: dict[str, Any]
    error: ConnectorError | None = None


def list_connection_rows(context: ConnectionContext, prefix: str = KEY_PREFIX) -> list[ConnectionRow]:
    """Return a row for each stored connection whose key begins so; an unreadable one has a row too."""
    rows = []
    now = time.time()
    for key in context.store.keys(prefix):
        try:
            record = connection_record.read_record(context.store, key)
        except StoreError as error:
            connector, name = parse_key(key)
            known = {"name": name, "connector": connector, "state": "unreadable"}
            rows.append(ConnectionRow({**dict.fromkeys(COLUMNS), **known}, error))
            continue
        if record is not None:  # else it was removed in the meantime
            view = ConnectionView.from_record(key, record)
            values = view.to_summary(context.connector, now)
            rows.append(ConnectionRow(values, view.build_sign_in_error(context.connector, now)))
    return rows
