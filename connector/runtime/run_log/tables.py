"""The table of runs, and the statements that read and write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.database.driver import open_driver
from connector.runtime.database.schema import Schema, add_missing_columns
from connector.runtime.run_log.run import COLUMNS

if TYPE_CHECKING:
    from connector.runtime.database.driver import DriverDatabase
    from connector.runtime.database.schema import SqlSession

_TYPES = {
    "is_write": "INTEGER", "status": "INTEGER", "attempts": "INTEGER",
    "started_at": "DOUBLE PRECISION", "elapsed": "DOUBLE PRECISION",
}  # fmt: skip
_OPTIONAL = ("elapsed", "status", "code", "request_id", "error")
_NAMES = ", ".join(COLUMNS)
_DEFINITIONS = {
    name: f"{name} {_TYPES.get(name, 'TEXT')}{'' if name in _OPTIONAL else ' NOT NULL'}" for name in COLUMNS
}
_CREATE = (
    f"CREATE TABLE IF NOT EXISTS connector_runs ({', '.join(_DEFINITIONS.values())}, PRIMARY KEY (id))",
    "CREATE INDEX IF NOT EXISTS connector_runs_started ON connector_runs (started_at)",
    "CREATE INDEX IF NOT EXISTS connector_runs_outcome ON connector_runs (outcome, started_at)",
)
_MARKS = ", ".join("?" for _ in COLUMNS)
_CHANGES = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")
SAVE = (
    f"INSERT INTO connector_runs ({_NAMES}) VALUES ({_MARKS}) "  # noqa: S608  names of our own columns
    f"ON CONFLICT (id) DO UPDATE SET {_CHANGES}"
)
SELECT = f"SELECT {_NAMES} FROM connector_runs"  # noqa: S608  names of our own columns
PURGE = (
    "DELETE FROM connector_runs WHERE id IN "
    "(SELECT id FROM connector_runs WHERE started_at < ? ORDER BY started_at LIMIT ?)"
)


def _create(session: SqlSession) -> None:
    for statement in _CREATE:
        session.execute(statement)


def _take_over(session: SqlSession) -> None:
    add_missing_columns(session, "connector_runs", {name: _DEFINITIONS[name] for name in _OPTIONAL})


SCHEMA = Schema("runs", "the log of runs", ("connector_runs",), _create, (_take_over,))


def open_table(url: str) -> DriverDatabase:
    """Return the table of a URL. Raises UsageError for an unsupported one, or where a package is missing."""
    return open_driver(url, SCHEMA)
