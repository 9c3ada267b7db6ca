"""The rows of a store: one statement each, for every dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.runtime.database.database import UNKNOWN

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


class Records:
    """The table of a store; every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def select(self, name: str) -> tuple[int, str] | None:
        """Return version and text of a row, or None."""
        wanted = select(TABLE.c.version, TABLE.c.data).where(TABLE.c.key == name)
        row = self._database.run(lambda connection: connection.execute(wanted).first())
        return None if row is None else (int(row[0]), str(row[1]))

    def names(self) -> list[str]:
        """Return the name of every row."""
        return self._database.run(lambda connection: [str(name) for name in connection.scalars(select(TABLE.c.key))])

    def insert(self, name: str, text: str) -> bool:
        """Add a row of version 1; return whether there was none."""
        row = {"key": name, "version": 1, "data": text, "updated_at": func.now()}

        def work(connection: Connection) -> bool:
            self._database.make_durable(connection)
            try:
                connection.execute(insert(TABLE).values(row))
            except IntegrityError:
                return False
            return True

        return self._database.run(work, UNKNOWN)

    def update(self, name: str, have: int, text: str) -> bool:
        """Replace the text of a row that has this version, in one statement; return whether it had."""
        which = (TABLE.c.key == name) & (TABLE.c.version == have)
        fresh = update(TABLE).where(which).values(version=have + 1, data=text, updated_at=func.now())

        def work(connection: Connection) -> bool:
            self._database.make_durable(connection)
            return connection.execute(fresh).rowcount == 1

        return self._database.run(work, UNKNOWN)

    def rename(self, name: str, to: str, text: str) -> bool:
        """Move a row that still holds this text; return whether it did."""
        moved = update(TABLE).where((TABLE.c.key == name) & (TABLE.c.data == text)).values(key=to)
        return self._database.run(lambda connection: connection.execute(moved).rowcount == 1, UNKNOWN)

    def delete(self, name: str) -> bool:
        """Remove a row; return whether there was one."""
        gone = delete(TABLE).where(TABLE.c.key == name)
        return self._database.run(lambda connection: connection.execute(gone).rowcount == 1, "It may be there still.")

    def sweep(self, prefix: str) -> None:
        """Remove the rows whose name begins with a text."""
        gone = delete(TABLE).where(TABLE.c.key.startswith(prefix, autoescape=True))
        self._database.run(lambda connection: connection.execute(gone), "They may be there still.")
