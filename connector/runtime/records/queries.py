"""A query that a person writes: one statement of SQL, which may only read."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

_SCHEMA_PRAGMAS = frozenset({
    "database_list", "foreign_key_list", "function_list", "index_info", "index_list", "index_xinfo", "table_info",
    "table_list", "table_xinfo",
})  # fmt: skip
_READ_ONLY = {"sqlite": "PRAGMA query_only = ON", "postgresql": "BEGIN READ ONLY"}


def run_query(connection: Connection, statement: str, views: Sequence[str]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the names of a query's columns, and its rows. Raises UsageError, which names the `views` to read."""
    dialect, driver = connection.dialect, connection.connection.driver_connection
    assert driver is not None
    connection.exec_driver_sql(_READ_ONLY[dialect.name])
    if dialect.name == "postgresql":  # which takes one statement alone if it is prepared: none lifts the guard
        driver.prepare_threshold = 0
    cursor = driver.cursor()  # the driver's, for which % is no placeholder
    reason = "it returns no rows"
    try:
        with _forbid_files(driver) if dialect.name == "sqlite" else nullcontext():
            cursor.execute(statement)
            if cursor.description is not None:
                rows = [tuple(map(_to_plain_number, row)) for row in cursor.fetchall()]
                return [column[0] for column in cursor.description], rows
    except dialect.loaded_dbapi.Error as error:
        reason = (str(error).splitlines() or [""])[0]
    hint = f"A query reads the views{''.join(f' {name},' for name in views)} and cannot write."
    raise UsageError(f"The query failed: {reason}.", hint=hint)


@contextmanager
def _forbid_files(driver: Any) -> Iterator[None]:
    """Let SQLite open no other file, as ATTACH and VACUUM INTO create it, and change no setting, in a with block."""
    driver.set_authorizer(_authorize)
    try:
        yield
    finally:
        driver.set_authorizer(None)


def _authorize(action: int, name: str | None, *_: str | None) -> int:
    is_refused = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_TRANSACTION)
    is_refused |= action == sqlite3.SQLITE_PRAGMA and str(name).lower() not in _SCHEMA_PRAGMAS
    return sqlite3.SQLITE_DENY if is_refused else sqlite3.SQLITE_OK


def _to_plain_number(value: Any) -> Any:
    """Return a number of PostgreSQL's own type as JSON has it, and as SQLite returns it."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)
