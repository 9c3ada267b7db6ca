"""A query that a person writes: one statement of SQL, which may only read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

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
        cursor.execute(statement)
        if cursor.description is not None:
            rows = [tuple(map(_to_plain_number, row)) for row in cursor.fetchall()]
            return [column[0] for column in cursor.description], rows
    except dialect.loaded_dbapi.Error as error:
        reason = (str(error).splitlines() or [""])[0]
    hint = f"A query reads the views{''.join(f' {name},' for name in views)} and cannot write."
    raise UsageError(f"The query failed: {reason}.", hint=hint)


def _to_plain_number(value: Any) -> Any:
    """Return a number of PostgreSQL's own type as JSON has it, and as SQLite returns it."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)
