"""By which names records were asked for, where those are not their ids: me, or an email address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Column, Float, MetaData, Table, Text, delete, insert, select

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from connector.core.records.record import Sight

_KEY = ("connector", "account", "resource", "name")
NAMES = Table(
    "connector_records_names",
    MetaData(),
    *(Column(name, Text, primary_key=True) for name in _KEY),
    Column("id", Text, nullable=False),
    Column("asked_at", Float, nullable=False),  # when the service last gave this record for the name
)


def resolve_names(connection: Connection, connector: str, account: str, sights: Iterable[Sight]) -> list[Sight]:
    """Return sights with the ids of the records, where they have the names that a write was given."""
    return [_resolve(connection, connector, account, sight) for sight in sights]


def note_names(connection: Connection, connector: str, account: str, sights: Iterable[Sight], at: float) -> None:
    """Note the names that reads were given, and forget those under which there is nothing, within a transaction."""
    for sight in sights:
        if sight.source != "get":
            continue
        facts = {"connector": connector, "account": account, "resource": sight.resource}
        if sight.is_gone:
            connection.execute(delete(NAMES).filter_by(**facts, name=sight.id))
        elif sight.asked_as not in ("", sight.id):
            connection.execute(delete(NAMES).filter_by(**facts, name=sight.asked_as))
            connection.execute(insert(NAMES), [{**facts, "name": sight.asked_as, "id": sight.id, "asked_at": at}])


def find_named(
    connection: Connection, connector: str, account: str, resource: str, name: str
) -> tuple[str, float] | None:
    """Return the id of the record that was last given for a name, and when that was, or None."""
    facts = {"connector": connector, "account": account, "resource": resource, "name": name}
    row = connection.execute(select(NAMES.c.id, NAMES.c.asked_at).filter_by(**facts)).one_or_none()
    return None if row is None else (str(row[0]), float(row[1]))


def _resolve(connection: Connection, connector: str, account: str, sight: Sight) -> Sight:
    if sight.source != "write" or not sight.asked_as:
        return sight
    found = find_named(connection, connector, account, sight.resource, sight.asked_as)
    return sight if found is None else replace(sight, id=found[0])
