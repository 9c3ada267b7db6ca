"""Which connector the events of a source belong to: connectors of one name must not take each other's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from connector.runtime.database.database import Database

OWNERS = Table(
    "connector_inbox_owner",
    MetaData(),
    Column("source", Text, primary_key=True),
    Column("hosts", Text, nullable=False),
)
_C = OWNERS.c


class InboxOwners:
    """The hosts of the connector that owns each source of an inbox, in a table beside its events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, source: str, hosts: Collection[str]) -> None:
        """Note that a connector of these hosts owns a source. Raises UsageError if another one does, StoreError.

        A connector is known by its hosts, of which one that changes keeps some; a source without an owner gets one.
        """
        owner_hosts: list[str] = []

        def read_or_write(connection: Connection) -> None:
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            new_row = insert(OWNERS).values(source=source, hosts=json.dumps(sorted(hosts)))
            connection.execute(new_row.on_conflict_do_nothing(index_elements=["source"]))
            stored = connection.execute(select(_C.hosts).where(_C.source == source)).scalar_one()
            owner_hosts[:] = json.loads(stored)
            if not set(owner_hosts).isdisjoint(hosts):
                connection.execute(OWNERS.update().where(_C.source == source).values(hosts=json.dumps(sorted(hosts))))

        self._database.run_in_transaction(read_or_write)
        if owner_hosts and set(owner_hosts).isdisjoint(hosts):
            raise UsageError(
                f"{self._database.display_url} has the events of another connector's {source}, for "
                f"{', '.join(owner_hosts)}; this one is for {', '.join(sorted(hosts))}.",
                hint="Use another inbox (--inbox), or give one of the connectors another name.",
            )
