"""Whose the records of a copy are: those of an account of a connector, under the names by which the copy knows both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from connector.errors import StoreError
from connector.first_use import dataclass
from connector.runtime.process.command_lines import format_command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from connector.runtime.records.accounts import Owner

OWNERS = Table(
    "connector_records_owners",
    MetaData(),
    Column("connector", Text, primary_key=True),
    Column("account", Text, primary_key=True),  # empty: the connector itself
    Column("hosts", Text, nullable=False),  # JSON: where the connector sends to
    Column("inputs", Text, nullable=False),  # JSON: the hash of each input that says whose account it is
)
_C = OWNERS.c


@dataclass(frozen=True, slots=True)
class _Known:
    """What the copy has noted of a connector, and of an account."""

    hosts: frozenset[str]
    inputs: Mapping[str, str]
    is_noted: bool


def check_owner(connection: Connection, owner: Owner, place: str) -> bool:
    """Return whether an owner is noted, as it is. Raises StoreError where the records are of another one.

    A connector is known by its hosts, of which one that changes keeps some. An account is another one if one of its
    inputs is. What nobody owned, as in a copy of an earlier version, is that of who comes first.
    """
    known = _read_known(connection, owner)
    if known.hosts and owner.hosts and known.hosts.isdisjoint(owner.hosts):
        raise StoreError(
            f"{place} has the records of another connector named {owner.connector}, for "
            f"{', '.join(sorted(known.hosts))}; this one is for {', '.join(owner.hosts)}.",
            hint="Name another database for one of them (CONNECTOR_RECORDS), or give it another name.",
            path=place,
        )
    changed = [key for key, value in owner.inputs if known.inputs.get(key, value) != value]
    if changed:
        raise StoreError(
            f"{place} has the records of another account under the name {owner.account!r}: its {', '.join(changed)} "
            f"{'is' if len(changed) == 1 else 'are'} not what the connection has now.",
            hint="Give this account's connection another name, or delete the records of the former one: "
            f"{format_command('records', 'forget', owner.account)}",
            path=place,
        )
    return known.is_noted


def save_owner(connection: Connection, owner: Owner) -> None:
    """Note an owner, within a transaction, with what was known of it before."""
    known = _read_known(connection, owner)
    add = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(OWNERS)
    hosts, inputs = json.dumps(sorted(owner.hosts)), json.dumps({**known.inputs, **dict(owner.inputs)})
    rows = {"": {"connector": owner.connector, "account": "", "hosts": hosts, "inputs": "{}"}}
    if owner.account:
        rows[owner.account] = {"connector": owner.connector, "account": owner.account, "hosts": "[]", "inputs": inputs}
    changed = {"hosts": add.excluded.hosts, "inputs": add.excluded.inputs}
    connection.execute(
        add.on_conflict_do_update(index_elements=["connector", "account"], set_=changed), list(rows.values())
    )


def _read_known(connection: Connection, owner: Owner) -> _Known:
    is_of = (_C.connector == owner.connector) & _C.account.in_(["", owner.account])
    rows = {row.account: row for row in connection.execute(select(OWNERS).where(is_of))}
    hosts = frozenset(json.loads(rows[""].hosts)) if "" in rows else frozenset()
    own = rows.get(owner.account)
    inputs = json.loads(own.inputs) if own is not None else {}
    is_noted = own is not None and hosts == frozenset(owner.hosts) and all(key in inputs for key, _ in owner.inputs)
    return _Known(hosts, inputs, is_noted)
