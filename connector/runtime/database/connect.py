"""Open the database that a URL names."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from connector.runtime.clock import Clock
    from connector.runtime.database.database import Database
    from connector.runtime.database.schema import Schema


def open_database(url: str, schema: Schema, clock: Clock) -> Database:
    """Return the database of a URL. Raises UsageError for an unsupported URL or a missing package."""
    require("sql", "sqlalchemy")
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    parsed = None
    with contextlib.suppress(ArgumentError, ValueError):
        parsed = make_url(url)
    if parsed is not None and parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        from connector.runtime.database.sqlite import Sqlite

        return Sqlite(parsed, schema, clock)
    if parsed is not None and parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        require("sql", "psycopg")
        from connector.runtime.database.postgres import Postgres

        return Postgres(parsed, schema, clock)
    hint = "Use sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
    raise UsageError("The URL does not name a supported database.", hint=hint)
