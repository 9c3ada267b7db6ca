"""What is kept in a database has a version: an older one is brought up to date, and a newer one is refused.

By plain statements, without SQLAlchemy: every command writes a run, and must not load it for that.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol

from connector._version import __version__
from connector.errors import StoreError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

VERSIONS_TABLE = "connector_versions"
_CREATE_VERSIONS = (
    "CREATE TABLE IF NOT EXISTS connector_versions "
    "(name TEXT NOT NULL, version INTEGER NOT NULL, program TEXT NOT NULL, PRIMARY KEY (name))"
)
_SAVE_VERSION = (
    "INSERT INTO connector_versions (name, version, program) VALUES (?, ?, ?) "
    "ON CONFLICT (name) DO UPDATE SET version = excluded.version, program = excluded.program"
)
_READ_VERSION = "SELECT version, program FROM connector_versions WHERE name = ?"
# one process at a time, on PostgreSQL too, where creating a table twice at once is an error
_BEGIN = {"sqlite": ("BEGIN IMMEDIATE",), "postgresql": ("BEGIN", "SELECT pg_advisory_xact_lock(6021023601)")}
# of PostgreSQL the catalogue itself: to_regclass answers from a cache that may be older than the lock
_HAS_TABLE = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
    "postgresql": "SELECT 1 FROM pg_class WHERE relname = ? AND pg_table_is_visible(oid)",
}
_LIST_COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_info(?)",
    "postgresql": "SELECT attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid "
    "WHERE c.relname = ? AND pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
}


class SqlSession(Protocol):
    """A connection in autocommit mode, through whatever driver or library."""

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgresql`."""
        ...

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement, whose parameters are marked `?`, and return its rows."""
        ...


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables that belong together, and how those of older versions become these.

    `title` is what messages call them. `create` creates those that are missing, as they are now. Step N of `steps`
    makes version N + 1 of version N; version 0 are the tables of a program that wrote no version.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    create: Callable[[SqlSession], None]
    steps: tuple[Callable[[SqlSession], None], ...]

    @property
    def version(self) -> int:
        """The version that this program reads and writes."""
        return len(self.steps)

    def prepare(self, session: SqlSession, place: str) -> None:
        """Create the tables, or bring them up to date: in one transaction, by one process at a time.

        Raises StoreError for a newer version, and the driver's errors.
        """
        if self.read_version(session, place) == self.version:
            return
        for statement in _BEGIN[session.dialect]:
            session.execute(statement)
        try:
            self._migrate(session, place)
            session.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(Exception):  # the database may have rolled back itself
                session.execute("ROLLBACK")
            raise

    def read_version(self, session: SqlSession, place: str) -> int | None:
        """Return the version of the tables, None where there are none. Raises StoreError for a newer one."""
        rows = session.execute(_READ_VERSION, (self.name,)) if has_table(session, VERSIONS_TABLE) else []
        if not rows:
            return 0 if any(has_table(session, table) for table in self.tables) else None
        version, program = rows[0]
        self.check_version(int(version), str(program), place)
        return int(version)

    def check_version(self, version: int, program: str, place: str) -> None:
        """Raise StoreError for a version that only a newer program knows; `program` is the one that wrote it."""
        if version > self.version:
            raise build_version_error(place, self.title, (version, program), self.version)

    def _migrate(self, session: SqlSession, place: str) -> None:
        version = self.read_version(session, place)  # another process may have done it meanwhile
        if version == self.version:
            return
        session.execute(_CREATE_VERSIONS)
        self.create(session)
        for step in self.steps[len(self.steps) if version is None else version :]:
            step(session)
        session.execute(_SAVE_VERSION, (self.name, self.version, __version__))


def has_table(session: SqlSession, table: str) -> bool:
    """Whether a table exists."""
    return bool(session.execute(_HAS_TABLE[session.dialect], (table,)))


def list_columns(session: SqlSession, table: str) -> list[str]:
    """Return the names of a table's columns; none if there is no such table."""
    return [str(name) for (name,) in session.execute(_LIST_COLUMNS[session.dialect], (table,))]


def add_missing_columns(session: SqlSession, table: str, definitions: Mapping[str, str]) -> None:
    """Add the columns that a table lacks. Rows that are there need a value: NULL, or a default that it states."""
    existing = list_columns(session, table)
    for name, definition in definitions.items():
        if name not in existing:
            session.execute(f"ALTER TABLE {table} ADD COLUMN {definition}")


def build_version_error(place: str, title: str, found: tuple[int, str | None], known: int) -> StoreError:
    """Return the error of data of a newer version; `found` is the version and the program that wrote it, if it says."""
    version, program = found
    writer = f"connector {program}" if program else "a newer connector"
    return StoreError(
        f"{place}: {title} was written by {writer}, as version {version}; this is connector {__version__}, which "
        f"knows version {known}. Nothing was read or written.",
        hint=f"Install {writer}{' or a newer one' if program else ''}, or name another place.",
        path=place,
    )
