"""The tables of records and of their changes, and how sights are written into them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from connector.core.records.record import MAX_SKEW, Record, Sight, apply_sight
from connector.first_use import dataclass, prepare_pattern
from connector.runtime.database.schema import add_missing_columns
from connector.runtime.database.table_schema import define_schema
from connector.runtime.records.names import NAMES, note_names, resolve_names
from connector.runtime.records.owners import OWNERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from concurrent.futures import Future

    from sqlalchemy import Connection

    from connector.runtime.database.schema import SqlSession
    from connector.runtime.records.accounts import Owner

METADATA = MetaData()
_KEY = ("connector", "account", "resource", "id")
RECORDS = Table(
    "connector_records",
    METADATA,
    *(Column(name, Text, primary_key=True) for name in _KEY),
    Column("parent", Text, nullable=False),
    Column("listing", Text, nullable=False),  # the list that it was last seen in
    Column("source", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("whole_at", Float),
    Column("written_at", Float),
    Column("gone_at", Float),
    Column("data", Text, nullable=False),  # JSON
    Index("connector_records_listing", "connector", "account", "listing"),
)
CHANGES = Table(
    "connector_records_changes",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    *(Column(name, Text, nullable=False) for name in _KEY),
    Column("change", Text, nullable=False),  # added, changed or gone
    Column("at", Float, nullable=False),
    Column("data", Text, nullable=False),
    Column("parent", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,  # so that no number is used twice
)
LISTS = Table(
    "connector_records_lists",
    METADATA,
    Column("connector", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("listing", Text, primary_key=True),
    Column("resource", Text, nullable=False),
    Column("complete_at", Float, nullable=False),  # when the last complete reading of the list began
    Column("count", Integer, nullable=False),
    Column("read_at", Float, nullable=False, server_default="0"),  # as complete_at, also of what was new alone
    Column("is_exact", Integer, nullable=False, server_default="0"),  # 1: the copy has each item, and no other
)
FEEDS = Table(
    "connector_records_feeds",
    METADATA,
    Column("name", Text, primary_key=True),  # of who follows the changes
    Column("seq", BigInteger, nullable=False),  # the last one that was seen
)


def _add_exactness(session: SqlSession) -> None:
    add_missing_columns(session, LISTS.name, {"is_exact": "is_exact INTEGER NOT NULL DEFAULT 0"})


SCHEMA = define_schema(
    "records", "the copy of records", [RECORDS, CHANGES, LISTS, FEEDS, NAMES, OWNERS], [lambda _: None, _add_exactness]
)  # version 2 has the owners, 3 the names, and which lists are exact; what is missing is created before
_FIELDS = tuple(column.name for column in RECORDS.columns if column.name not in ("connector", "account"))
PURGED_FEED = "purged"  # the name under which stands the last change that is no longer kept
_NUL = prepare_pattern(r"((?<!\\)(?:\\\\)*)\\u0000")  # as JSON escapes it
_CHUNK = 500  # ids in one query; databases limit the number of parameters
_LOCK = text("SELECT pg_advisory_xact_lock(6021023602)")  # numbers of changes are in the order of commits


@dataclass(frozen=True, slots=True)
class Sighting:
    """Sights of records of one account, all at one time."""

    connector: str
    account: str
    at: float
    sights: Sequence[Sight]
    owner: Owner | None = None  # whose they are; None where that was claimed before


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list that was read to its end, or, not `is_whole`, what is new of it; `pending` are the writes of its pages.

    The service gave `item_count` items, of which those with an id of their own are records: the `ids` by default.
    One that came in one page was like that at one moment; in several, an item may have moved from one not yet read to
    one read before.
    """

    connector: str
    account: str
    resource: str
    listing: str
    ids: Collection[str]
    began_at: float
    at: float
    pending: Sequence[Future[None]] = ()
    item_count: int | None = None
    is_whole: bool = True
    is_one_page: bool = False
    owner: Owner | None = None

    @property
    def is_lossless(self) -> bool:
        """Whether each of its items is a record."""
        return self.item_count in (None, len(self.ids))

    @property
    def is_kept(self) -> bool:
        """Whether every page was written, or is about to be in the same transaction."""
        return not any(future.done() and future.exception() for future in self.pending)


def lock_changes(connection: Connection) -> None:
    """Let no other transaction write until this one ends, so that followers of the changes miss none."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)  # SQLite has one writer at a time anyway


def write_sighting(connection: Connection, sighting: Sighting, now: float) -> int:
    """Write sights, and the changes that they are, within a transaction; return the number of changes."""
    sights = resolve_names(connection, sighting.connector, sighting.account, sighting.sights)
    known = _read_known(connection, sighting, sights)
    saved: dict[tuple[str, str], Record] = {}
    unknown = {sight.resource for sight in sights if sight.may_be_any and (sight.resource, sight.id) not in known}
    if unknown:
        _note_write_to_any(connection, sighting, unknown)
    changes = []
    left: set[str] = set()  # lists, as a record is in the list that it was last seen in
    for sight in sights:
        key = sight.resource, sight.id
        before = known.get(key)
        record, change = apply_sight(before, sight, sighting.at, max(now, sighting.at))
        if record is None or record is before:
            continue
        if before is not None and before.listing not in ("", record.listing):
            left.add(before.listing)
        known[key] = saved[key] = record
        if change is not None:
            changes.append(_build_change(sighting, record, change))
    note_names(connection, sighting.connector, sighting.account, sights, sighting.at)
    _save(connection, sighting, list(saved.values()))
    if changes:
        connection.execute(insert(CHANGES), changes)
    if left:
        condition = (LISTS.c.connector == sighting.connector) & (LISTS.c.account == sighting.account)
        connection.execute(update(LISTS).where(condition & LISTS.c.listing.in_(left)).values(is_exact=0))
    return len(changes)


def write_end_of_list(connection: Connection, read: ReadList, now: float) -> None:
    """Mark what is no longer in a list, and note when it was read, and whether the copy has just its items.

    Of a list in several pages, that is what two readings in a row have not: one may miss an item that moves.
    """
    is_list = (LISTS.c.connector == read.connector) & (LISTS.c.account == read.account)
    condition = is_list & (LISTS.c.listing == read.listing)
    if not read.is_whole:
        loss = {} if read.is_lossless else {"is_exact": 0}
        connection.execute(update(LISTS).where(condition).values(read_at=read.began_at, **loss))
        return
    table = RECORDS.c
    is_of_list = (table.connector == read.connector) & (table.account == read.account) & (table.listing == read.listing)
    earlier = connection.scalar(select(LISTS.c.complete_at).where(condition)) or 0.0
    since = read.began_at if read.is_one_page else min(earlier, read.began_at)
    is_old = (table.seen_at < since) | (table.seen_at > max(now, read.at) + MAX_SKEW)
    was_there = table.gone_at.is_(None) & is_old & (table.resource == read.resource)
    gone = [
        Sight(resource=read.resource, id=record_id, source="list", is_gone=True)
        for record_id in connection.scalars(select(table.id).where(is_of_list & was_there))
        if record_id not in read.ids
    ]
    write_sighting(connection, Sighting(read.connector, read.account, read.at, gone), now)
    facts = {name: getattr(read, name) for name in ("connector", "account", "listing", "resource")}
    is_there = table.gone_at.is_(None) & (table.resource == read.resource)
    kept = connection.scalar(select(func.count()).select_from(RECORDS).where(is_of_list & is_there))
    row = {
        **facts, "complete_at": read.began_at, "count": len(read.ids), "read_at": read.began_at,
        "is_exact": int(read.is_lossless and kept == len(read.ids)),
    }  # fmt: skip
    connection.execute(_build_upsert(connection, LISTS), [row])


def delete_account(connection: Connection, connector: str, account: str) -> int:
    """Delete what is kept of an account and of its sub-accounts, within a transaction; return how many records."""
    lock_changes(connection)
    counts = []
    for table in (RECORDS, CHANGES, LISTS, NAMES, OWNERS):
        is_of = (table.c.account == account) | table.c.account.startswith(f"{account}/", autoescape=True)
        counts.append(connection.execute(delete(table).where((table.c.connector == connector) & is_of)).rowcount)
    return counts[0]


def write_feed(connection: Connection, name: str, seq: int) -> None:
    """Note the last change that a follower has seen."""
    connection.execute(_build_upsert(connection, FEEDS), [{"name": name, "seq": seq}])


def read_record(row: Mapping[Any, Any]) -> Record:
    """Return the record of a row of RECORDS."""
    facts = {name: row[name] for name in _FIELDS}
    return Record(**{**facts, "data": json.loads(facts["data"])})


def _read_known(connection: Connection, sighting: Sighting, sights: Sequence[Sight]) -> dict[tuple[str, str], Record]:
    ids: dict[str, list[str]] = {}
    for sight in sights:
        ids.setdefault(sight.resource, []).append(sight.id)
    known = {}
    for resource, names in ids.items():
        for start in range(0, len(names), _CHUNK):
            condition = _is_of(sighting) & (RECORDS.c.resource == resource)
            query = select(RECORDS).where(condition & RECORDS.c.id.in_(names[start : start + _CHUNK]))
            for row in connection.execute(query).mappings():
                record = read_record(row)
                known[record.resource, record.id] = record
    return known


def _note_write_to_any(connection: Connection, sighting: Sighting, resources: Collection[str]) -> None:
    """Note that one record of each resource was written to, and nobody knows which: lists need only know that."""
    for resource in resources:
        is_older = _is_of(sighting) & (RECORDS.c.resource == resource) & (RECORDS.c.seen_at <= sighting.at)
        first = select(func.min(RECORDS.c.id)).where(is_older).scalar_subquery()
        is_told = is_older & (RECORDS.c.whole_at.is_not(None) | (RECORDS.c.id == first))
        connection.execute(update(RECORDS).where(is_told).values(whole_at=None, written_at=sighting.at))


def _is_of(sighting: Sighting) -> Any:
    return (RECORDS.c.connector == sighting.connector) & (RECORDS.c.account == sighting.account)


def _save(connection: Connection, sighting: Sighting, records: list[Record]) -> None:
    if not records:
        return
    rows = [
        {
            "connector": sighting.connector,
            "account": sighting.account,
            **{name: getattr(record, name) for name in _FIELDS},
            "data": _to_text(record),
        }
        for record in records
    ]
    connection.execute(_build_upsert(connection, RECORDS), rows)


def _build_upsert(connection: Connection, table: Table) -> Any:
    add: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    changed = {column.name: add.excluded[column.name] for column in table.columns if not column.primary_key}
    return add.on_conflict_do_update(index_elements=[column.name for column in table.primary_key], set_=changed)


def _build_change(sighting: Sighting, record: Record, change: str) -> dict[str, Any]:
    return {
        "connector": sighting.connector, "account": sighting.account, "resource": record.resource, "id": record.id,
        "change": change, "at": sighting.at, "data": _to_text(record), "parent": record.parent,
    }  # fmt: skip


def _to_text(record: Record) -> str:
    """Return the data as JSON; what no database takes, half of a character or NUL, is the mark of a lost one."""
    text = json.dumps(record.data, ensure_ascii=False, default=str)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _NUL.sub(lambda found: f"{found[1]}\ufffd", text) if "\\u0000" in text else text
