"""The SQL table of a store: one statement per operation, for every dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.runtime.database.table_schema import define_schema
from connector.runtime.files.private_files import OLD_OR_NEW

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connector.runtime.database.database import Database

TABLE = Table(
    "connector_store",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
SCHEMA = define_schema("store", "the store", [TABLE])


class StoreTable:
    """Reads and writes the rows of a store; every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def select(self, name: str) -> tuple[str, int] | tuple[None, None]:
        """Return text and version of a row, or None twice."""
        statement = select(TABLE.c.data, TABLE.c.version).where(TABLE.c.key == name)
        row = self._database.run(lambda connection: connection.execute(statement).first())
        return (None, None) if row is None else (str(row[0]), int(row[1]))

    def list_names(self) -> list[str]:
        """Return the name of every row."""
        return self._database.run(lambda connection: [str(name) for name in connection.scalars(select(TABLE.c.key))])

    def list_first_names(self, prefix: str, limit: int) -> list[str]:
        """Return the first names that begin with a prefix, at most `limit`."""
        condition = TABLE.c.key.startswith(prefix, autoescape=True)
        statement = select(TABLE.c.key).where(condition).order_by(TABLE.c.key).limit(limit)
        return self._database.run(lambda connection: [str(name) for name in connection.scalars(statement)])

    def insert(self, name: str, text: str) -> bool:
        """Insert a row of version 1; return False when the name exists."""
        row = {"key": name, "version": 1, "data": text, "updated_at": func.now()}

        def insert_row(connection: Connection) -> bool:
            self._database.enable_sync_commit(connection)
            try:
                connection.execute(insert(TABLE).values(row))
            except IntegrityError:
                return False
            return True

        return self._database.run(insert_row, OLD_OR_NEW)

    def update(self, name: str, version: int, text: str) -> bool:
        """Replace the row of the version before, in one statement; return False when it has another version."""
        condition = (TABLE.c.key == name) & (TABLE.c.version == version - 1)
        statement = update(TABLE).where(condition).values(version=version, data=text, updated_at=func.now())

        def update_row(connection: Connection) -> bool:
            self._database.enable_sync_commit(connection)
            return connection.execute(statement).rowcount == 1

        return self._database.run(update_row, OLD_OR_NEW)

    def rename(self, name: str, new_name: str, text: str) -> bool:
        """Rename a row that still holds this text; return whether it did."""
        statement = update(TABLE).where((TABLE.c.key == name) & (TABLE.c.data == text)).values(key=new_name)
        return self._database.run(lambda connection: connection.execute(statement).rowcount == 1, OLD_OR_NEW)

    def delete(self, name: str) -> bool:
        """Remove a row; return whether there was one."""
        statement = delete(TABLE).where(TABLE.c.key == name)
        data_state = "It may still be there."
        return self._database.run(lambda connection: connection.execute(statement).rowcount == 1, data_state)

    def delete_by_prefix(self, prefix: str) -> None:
        """Remove the rows whose name begins with a prefix."""
        statement = delete(TABLE).where(TABLE.c.key.startswith(prefix, autoescape=True))
        self._database.run(lambda connection: connection.execute(statement), "They may still be there.")
