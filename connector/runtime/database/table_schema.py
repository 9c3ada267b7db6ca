"""A schema of tables that SQLAlchemy knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from connector.runtime.database.schema import Schema, add_missing_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Table

    from connector.runtime.database.schema import SqlSession

_DIALECTS: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql}
_MARKS = {"sqlite": "?", "postgresql": "%s"}


class LibrarySession:
    """A connection of SQLAlchemy as a `SqlSession`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect.name

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement, whose parameters are marked `?`, and return its rows."""
        marked = statement.replace("?", _MARKS[self.dialect]) if parameters else statement
        result = self._connection.exec_driver_sql(marked, tuple(parameters) or None)
        return [tuple(row) for row in result] if result.returns_rows else []


def define_schema(
    name: str, title: str, tables: Sequence[Table], steps: Sequence[Callable[[SqlSession], None]] = ()
) -> Schema:
    """Return the schema of tables; `steps` are those after the first, which takes over tables without a version."""

    def create(session: SqlSession) -> None:
        _create_tables(session, tables)

    def take_over(session: SqlSession) -> None:
        _add_columns(session, tables)

    return Schema(name, title, tuple(table.name for table in tables), create, (take_over, *steps))


def _create_tables(session: SqlSession, tables: Sequence[Table]) -> None:
    dialect = _DIALECTS[session.dialect].dialect()
    for table in tables:
        session.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
        for index in table.indexes:
            session.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))


def _add_columns(session: SqlSession, tables: Sequence[Table]) -> None:
    dialect = _DIALECTS[session.dialect].dialect()
    for table in tables:
        addable = [column for column in table.columns if column.nullable or column.server_default is not None]
        definitions = {column.name: str(CreateColumn(column).compile(dialect=dialect)) for column in addable}
        add_missing_columns(session, table.name, definitions)
