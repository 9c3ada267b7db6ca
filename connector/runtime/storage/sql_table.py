"""The rows of a store: one statement each, for every dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.runtime.database.database import WRITE_UNKNOWN

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


class StoreTable:
    """The table of a store; every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def select(self, name: str) -> tuple[int, str] | None:
        """Return version and text of a row, or None."""
        statement = select(TABLE.c.version, TABLE.c.data).where(TABLE.c.key == name)
        row = self._database.run(lambda connection: connection.execute(statement).first())
        return None if row is None else (int(row[0]), str(row[1]))

    def list_names(self) -> list[str]:
        """Return the name of every row."""
        return self._database.run(lambda connection: [str(name) for name in connection.scalars(select(TABLE.c.key))])

    def insert(self, name: str, text: str) -> bool:
        """Add a row of version 1; return whether there was none."""
        row = {"key": name, "version": 1, "data": text, "updated_at": func.now()}

        def insert_row(connection: Connection) -> bool:
            self._database.enable_sync_commit(connection)
            try:
                connection.execute(insert(TABLE).values(row))
            except IntegrityError:
                return False
            return True

        return self._database.run(insert_row, WRITE_UNKNOWN)

    def update(self, name: str, expected_version: int, text: str) -> bool:
        """Replace the text of a row that has this version, in one statement; return whether it had."""
        condition = (TABLE.c.key == name) & (TABLE.c.version == expected_version)
        statement = (
            update(TABLE).where(condition).values(version=expected_version + 1, data=text, updated_at=func.now())
        )

        def update_row(connection: Connection) -> bool:
            self._database.enable_sync_commit(connection)
            return connection.execute(statement).rowcount == 1

        return self._database.run(update_row, WRITE_UNKNOWN)

    def rename(self, name: str, new_name: str, text: str) -> bool:
        """Move a row that still holds this text; return whether it did."""
        statement = update(TABLE).where((TABLE.c.key == name) & (TABLE.c.data == text)).values(key=new_name)
        return self._database.run(lambda connection: connection.execute(statement).rowcount == 1, WRITE_UNKNOWN)

    def delete(self, name: str) -> bool:
        """Remove a row; return whether there was one."""
        statement = delete(TABLE).where(TABLE.c.key == name)
        return self._database.run(
            lambda connection: connection.execute(statement).rowcount == 1, "It may be there still."
        )

    def delete_by_prefix(self, prefix: str) -> None:
        """Remove the rows whose name begins with a text."""
        statement = delete(TABLE).where(TABLE.c.key.startswith(prefix, autoescape=True))
        self._database.run(lambda connection: connection.execute(statement), "They may be there still.")
