"""Reads of the copy of records."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import column, func, literal_column, select, table

from connector.core.records.changes import RecordChange
from connector.runtime.records.names import find_named
from connector.runtime.records.tables import CHANGES, FEEDS, LISTS, PURGED_FEED, RECORDS, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

    from connector.core.records.record import Record

T = TypeVar("T")


class RecordReader(ABC):
    """Reads records, their changes and the state of their lists. Methods raise StoreError."""

    @abstractmethod
    def _read(self, work: Callable[[Connection], T]) -> T:
        """Run work that reads, after what was told before is written."""

    def get(self, connector: str, account: str | None, resource: str, record_id: str) -> Record | None:
        """Return a record, also one that is gone; None where it was never seen, or several accounts have one."""
        condition = (RECORDS.c.connector == connector) & (RECORDS.c.resource == resource) & (RECORDS.c.id == record_id)
        if account is not None:
            condition &= RECORDS.c.account == account
        rows = self._read(lambda connection: connection.execute(select(RECORDS).where(condition)).mappings().all())
        return read_record(rows[0]) if len(rows) == 1 else None

    def get_named(self, connector: str, account: str, resource: str, name: str) -> tuple[Record | None, float]:
        """Return the record of an id, or of a name that is none, and when the service last gave it for that name.

        For an id, which stays a record's own, that is whenever (infinity).
        """
        record = self.get(connector, account, resource, name)
        if record is not None:
            return record, math.inf
        found = self._read(partial(find_named, connector=connector, account=account, resource=resource, name=name))
        return (None, 0.0) if found is None else (self.get(connector, account, resource, found[0]), found[1])

    def find(
        self,
        connector: str,
        resource: str | None = None,
        *,
        account: str | None = None,
        parent: str | None = None,
        listing: str | None = None,
        gone: bool = False,
        limit: int | None = None,
    ) -> list[Record]:
        """Return records by resource and id; with `gone`, also those that are no longer there."""
        condition = RECORDS.c.connector == connector
        for name, value in (("resource", resource), ("account", account), ("parent", parent), ("listing", listing)):
            if value is not None:
                condition &= RECORDS.c[name] == value
        if not gone:
            condition &= RECORDS.c.gone_at.is_(None)
        query = select(RECORDS).where(condition).order_by(RECORDS.c.resource, RECORDS.c.id).limit(limit)
        rows = self._read(lambda connection: connection.execute(query).mappings().all())
        return [read_record(row) for row in rows]

    def count(self, connector: str) -> dict[str, int]:
        """Return the number of records by resource, without those that are gone."""
        condition = (RECORDS.c.connector == connector) & RECORDS.c.gone_at.is_(None)
        query = select(RECORDS.c.resource, func.count()).where(condition).group_by(RECORDS.c.resource)
        return {str(name): int(count) for name, count in self._read(lambda connection: connection.execute(query).all())}

    def read_changes(
        self,
        connector: str,
        after: int = 0,
        limit: int = 1000,
        *,
        account: str | None = None,
        resources: Collection[str] | None = None,
    ) -> list[RecordChange]:
        """Return the changes after a number, oldest first: of all accounts and resources, or of these."""
        names = [CHANGES.c[name] for name in RecordChange.__dataclass_fields__]
        condition = (CHANGES.c.connector == connector) & (CHANGES.c.seq > after)
        if account is not None:
            condition &= CHANGES.c.account == account
        if resources is not None:
            condition &= CHANGES.c.resource.in_(list(resources))
        query = select(*names).where(condition).order_by(CHANGES.c.seq).limit(limit)
        rows = self._read(lambda connection: connection.execute(query).mappings().all())
        return [RecordChange(**row) for row in rows]

    def find_last_seq(self) -> int:
        """Return the number of the last change; 0 before the first."""
        last = self._read(lambda connection: connection.scalar(select(func.max(CHANGES.c.seq))))
        return self.find_purged_seq() if last is None else int(last)

    def find_feed(self, name: str) -> int | None:
        """Return the number of the last change that a follower of this name has seen; None before it began."""
        query = select(FEEDS.c.seq).where(FEEDS.c.name == name)
        value = self._read(lambda connection: connection.scalar(query))
        return None if value is None else int(value)

    def find_purged_seq(self) -> int:
        """Return the number of the last change that is no longer kept; 0 where all are."""
        return self.find_feed(PURGED_FEED) or 0

    def has_unseen(self, connector: str, account: str, listing: str, since: float) -> bool:
        """Whether the copy has a record of a list that was last seen before this time, and is not known to be gone."""
        condition = (RECORDS.c.connector == connector) & (RECORDS.c.account == account)
        condition &= (RECORDS.c.listing == listing) & RECORDS.c.gone_at.is_(None) & (RECORDS.c.seen_at < since)
        query = select(RECORDS.c.id).where(condition).limit(1)
        return self._read(lambda connection: connection.scalar(query)) is not None

    def find_orphans(self, connector: str, account: str, resource: str, parent_resource: str) -> list[str]:
        """Return the ids of the records that were not seen any more since the one that they belong to was gone."""
        parent = RECORDS.alias()
        is_of = (parent.c.connector == connector) & (parent.c.account == account)
        is_gone = is_of & (parent.c.resource == parent_resource) & (parent.c.gone_at >= RECORDS.c.seen_at)
        condition = (RECORDS.c.connector == connector) & (RECORDS.c.account == account)
        condition &= (RECORDS.c.resource == resource) & RECORDS.c.gone_at.is_(None)
        query = select(RECORDS.c.id).where(condition).join(parent, is_gone & (parent.c.id == RECORDS.c.parent))
        return [str(one) for one in self._read(lambda connection: connection.scalars(query).all())]

    def find_complete_at(self, connector: str, account: str, listing: str) -> float | None:
        """Return when the last complete reading of a list began, or None."""
        return self.find_list_times(connector, account, listing)[0]

    def find_exact_at(self, connector: str, account: str, listing: str) -> float | None:
        """Return when the last complete reading of a list began, None also where the copy has not just its items."""
        condition = (LISTS.c.connector == connector) & (LISTS.c.account == account) & (LISTS.c.listing == listing)
        query = select(LISTS.c.complete_at).where(condition & (LISTS.c.is_exact == 1))
        value = self._read(lambda connection: connection.scalar(query))
        return None if value is None else float(value)

    def find_list_times(self, connector: str, account: str, listing: str) -> tuple[float | None, float | None]:
        """Return when the last complete reading of a list began, and when the last one did that left no news out."""
        condition = (LISTS.c.connector == connector) & (LISTS.c.account == account) & (LISTS.c.listing == listing)
        query = select(LISTS.c.complete_at, LISTS.c.read_at).where(condition)
        row = self._read(lambda connection: connection.execute(query).one_or_none())
        return (None, None) if row is None else (float(row[0]), max(float(row[0]), float(row[1])))

    def has_write(self, connector: str, account: str, resource: str, since: float) -> bool:
        """Whether a call wrote to a resource after this time."""
        condition = (RECORDS.c.connector == connector) & (RECORDS.c.account == account)
        condition &= (RECORDS.c.resource == resource) & (RECORDS.c.written_at > since)
        query = select(RECORDS.c.id).where(condition).limit(1)
        return self._read(lambda connection: connection.scalar(query)) is not None

    def read_view(self, view: str, *, gone: bool = False) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return the columns and rows of a view; with `gone`, also those of records that are no longer there."""
        query: Any = select(literal_column("*")).select_from(table(view)).order_by(column("account"), column("id"))
        if not gone:
            query = query.where(column("gone_at").is_(None))

        def read(connection: Connection) -> tuple[list[str], list[tuple[Any, ...]]]:
            result = connection.execute(query)
            return list(result.keys()), [tuple(row) for row in result]

        return self._read(read)
