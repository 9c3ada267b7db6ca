"""The places where data is kept: each is read in one snapshot, and replaced as a whole."""

from __future__ import annotations

import contextlib
import json
import time
from abc import ABC, abstractmethod
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

from connector.first_use import dataclass
from connector.runtime.database.driver import open_driver
from connector.runtime.database.schema import Schema, list_columns
from connector.runtime.files.key_names import is_name
from connector.runtime.process.extras import require
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.open import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from connector.runtime.database.driver import DriverSession
    from connector.runtime.database.schema import SqlSession

_MODULES = {
    "store": "storage.sql_table",
    "inbox": "webhooks.inbox",
    "bulk": "bulk.shared_tables",
    "runs": "run_log.tables",
    "records": "records.tables",
}
KINDS = tuple(_MODULES)
_STORE_TABLE = "connector_store"
_STORE_COLUMNS = ("key", "version", "data", "updated_at")
_BATCH = 1000  # rows
_SNAPSHOT = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"}
_NEXT_NUMBER = (  # never a number again that was used, here or where the rows come from
    "SELECT setval(sequence, GREATEST(nextval(sequence), ?::bigint + 1), false) "
    "FROM (SELECT CAST(pg_get_serial_sequence(?, ?) AS regclass) AS sequence) AS one WHERE sequence IS NOT NULL"
)


def _change_nothing(_: SqlSession) -> None:
    """Do what a folder needs, whose records have a version each."""


_FOLDER_SCHEMA = Schema("store", "the store", (_STORE_TABLE,), _change_nothing, (_change_nothing,))


def load_schema(kind: str) -> Schema:
    """Return the schema of a kind of data. Raises UsageError where its package is missing."""
    if kind != "runs":
        require("sql", "sqlalchemy")
    schema: Schema = import_module(f"connector.runtime.{_MODULES[kind]}").SCHEMA
    return schema


class Reader(ABC):
    """One snapshot of a place."""

    @abstractmethod
    def read(self, table: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
        """Return the columns and the rows of a table."""

    @abstractmethod
    def count(self, table: str) -> int:
        """Return the number of rows of a table."""


class Writer(ABC):
    """The new content of a place, which is there as a whole when the with block ends."""

    @abstractmethod
    def list_columns(self, table: str) -> list[str]:
        """Return the columns that a table has here."""

    @abstractmethod
    def replace(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Replace all rows of a table."""


class Place(ABC):
    """A database or folder with data of one or several kinds; `schemas` are theirs. Methods raise StoreError."""

    display_url: str
    schemas: Mapping[str, Schema]

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is anything to read."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Reader]:
        """Read in a with block, without keeping writers waiting."""

    @abstractmethod
    def replacing(self) -> AbstractContextManager[Writer]:
        """Replace tables in a with block; after an error, or when the process dies in it, all is as it was."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where data of one kind is; `name` tells several of a kind apart."""

    kind: str
    name: str
    url: str


def open_places(locations: Iterable[Location]) -> list[tuple[Place, list[Location]]]:
    """Return the places of locations, those of one database together. Raises UsageError for an unsupported URL."""
    groups: dict[str, list[Location]] = {}
    for location in locations:
        groups.setdefault(_open_place(location.url, [location.kind]).display_url, []).append(location)
    return [(_open_place(group[0].url, [one.kind for one in group]), group) for group in groups.values()]


def _open_place(url: str, kinds: Sequence[str]) -> Place:
    if kinds[0] == "store" and url.partition(":")[0].lower() == "file":
        store = getattr(open_store(url), "store", None)
        assert isinstance(store, FileStore)
        return FolderPlace(store)
    return DatabasePlace(url, {kind: load_schema(kind) for kind in kinds})


class DatabasePlace(Place):
    """A database."""

    def __init__(self, url: str, schemas: Mapping[str, Schema]) -> None:
        self.schemas = schemas
        self._database = open_driver(url, next(iter(schemas.values())))
        self.display_url = self._database.display_url

    def exists(self) -> bool:
        """Whether the database exists; a server says by itself if it does not."""
        return self._database.exists()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Read in one transaction that changes nothing."""
        with self._using() as session:
            session.execute(_SNAPSHOT[session.dialect])
            yield _TableReader(session)
            session.execute("ROLLBACK")

    @contextlib.contextmanager
    def replacing(self) -> Iterator[Writer]:
        """Replace tables in one transaction."""
        with self._using() as session:
            if session.dialect == "sqlite":
                session.execute("PRAGMA synchronous=FULL")  # a restore is there when it is said to be
            with session.transaction():
                if session.dialect == "postgresql":
                    tables = sorted(table for schema in self.schemas.values() for table in schema.tables)
                    session.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
                    session.execute("SET LOCAL TIME ZONE 'UTC'")
                yield _TableWriter(session)

    @contextlib.contextmanager
    def _using(self) -> Iterator[DriverSession]:
        """Use the connection in a with block, with the tables of every kind."""
        try:
            with self._database.using() as session:
                for schema in self.schemas.values():
                    schema.prepare(session, self.display_url)
                yield session
        finally:
            self._database.close()


class _TableReader(Reader):
    def __init__(self, session: DriverSession) -> None:
        self._session = session

    def read(self, table: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
        columns = list_columns(self._session, table)
        names = ", ".join(map(quote, columns))
        words = ("SELECT", names, "FROM", table)
        return columns, self._session.iterate(" ".join(words))

    def count(self, table: str) -> int:
        words = ("SELECT count(*) FROM", table)
        return int(self._session.execute(" ".join(words))[0][0])


class _TableWriter(Writer):
    def __init__(self, session: DriverSession) -> None:
        self._session = session

    def list_columns(self, table: str) -> list[str]:
        return list_columns(self._session, table)

    def replace(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        words = ("DELETE FROM", table)
        self._session.execute(" ".join(words))
        names, marks = ", ".join(map(quote, columns)), ", ".join("?" for _ in columns)
        statement = " ".join(("INSERT INTO", table, f"({names}) VALUES ({marks})"))
        rows = iter(rows)
        while batch := list(islice(rows, _BATCH)):
            self._session.execute_many(statement, batch)
        if self._session.dialect == "postgresql":
            for column in columns:
                self._advance_numbers(table, column)

    def _advance_numbers(self, table: str, column: str) -> None:
        if not self._session.execute("SELECT 1 WHERE pg_get_serial_sequence(?, ?) IS NOT NULL", (table, column)):
            return
        [(highest,)] = self._session.execute(" ".join(("SELECT COALESCE(max(", quote(column), "), 0) FROM", table)))
        self._session.execute(_NEXT_NUMBER, (highest, table, column))


class FolderPlace(Place):
    """A store in a folder, as the table that it would be in a database."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self.schemas = {"store": _FOLDER_SCHEMA}
        self.display_url = f"file:{store.folder}"

    def exists(self) -> bool:
        """Whether the folder exists."""
        return self._store.folder.exists()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Read each record whole; a folder has no snapshot of several."""
        yield _FolderReader(self._store)

    @contextlib.contextmanager
    def replacing(self) -> Iterator[Writer]:
        """Replace all records."""
        writer = _FolderWriter()
        yield writer
        self._store.replace_texts(writer.texts)


class _FolderReader(Reader):
    def __init__(self, store: FileStore) -> None:
        self._store = store

    def read(self, table: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
        assert table == _STORE_TABLE
        return list(_STORE_COLUMNS), (_build_row(*text) for text in self._store.list_texts())

    def count(self, table: str) -> int:
        assert table == _STORE_TABLE
        return len(self._store.list_texts())


class _FolderWriter(Writer):
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def list_columns(self, table: str) -> list[str]:
        assert table == _STORE_TABLE
        return list(_STORE_COLUMNS)

    def replace(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        assert table == _STORE_TABLE
        for row in rows:
            facts = dict(zip(columns, row, strict=True))
            name = str(facts["key"])
            if not is_name(name):
                raise ValueError(f"{name!r} is not the name of a record")
            if not name.startswith("~"):  # a damaged record that a database keeps aside
                self.texts[name] = str(facts["data"])


def _build_row(name: str, text: str, changed_at: float) -> tuple[str, int, str, str]:
    try:
        version = int(json.loads(text)["version"])
    except (ValueError, TypeError, KeyError):  # damaged, which is told when it is read
        version = 1
    return name, version, text, time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(changed_at))


def quote(name: str) -> str:
    """Return the name of a column as SQL has it."""
    return f'"{name}"'
