"""Read the lists of resources into the copy: parents first, then the list of each parent."""

from __future__ import annotations

import contextlib
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.core.records.kinds import RecordKind
from connector.core.records.record import MAX_SKEW, Sight
from connector.core.records.sights import find_list_id, read_id, read_listing
from connector.core.records.since import build_since
from connector.errors import Denied, NotFound, Rejected, StoreError
from connector.first_use import dataclass
from connector.runtime.records.accounts import find_connection_owner
from connector.runtime.records.tables import ReadList
from connector.runtime.sync.listings import find_listings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.core.request.builder import Request
    from connector.definition.loader import Connector
    from connector.runtime.client.client import Client
    from connector.runtime.records.records import Records


_MAX_NEWS_SECONDS = 86_400.0  # since a list was read whole


@dataclass(frozen=True, slots=True)
class ListRead:
    """One list to read: the action with its inputs, the id of the record that the list is of, and its state.

    `listing` is its name in the copy, `read_at` when it was last read, and `asks_since` whether only what is new since
    then is asked for.
    """

    resource: str
    action: str
    given: dict[str, Any]
    parent: str
    listing: str
    read_at: float | None
    asks_since: bool


@dataclass(slots=True)
class SyncReport:
    """What a sync read of one resource; `refused` are parents whose list the service did not give.

    `since` counts the lists of which only what is new was asked for, `without_id` the items that are not kept, as they
    have no id.
    """

    resource: str
    lists: int = 0
    records: int = 0
    since: int = 0
    without_id: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-safe data."""
        names = ("resource", "lists", "records", "since", "without_id", "refused")
        return {name: getattr(self, name) for name in names}


class Sync:
    """Reads the lists of resources through a client that keeps records.

    A resource that belongs to another is read after it, list by list. What is read is kept page by page, and what a
    complete list no longer has is marked as gone; one that breaks off marks nothing, and is read again from its begin.
    Of a list that was read before, and can be asked so, only what is new is read, unless the sync `is_full`, and once a
    day all of it, as nothing else tells what is gone. `given` are inputs for the lists whose actions have them. Raises
    InputError with all problems, UsageError.
    """

    def __init__(
        self,
        connector: Connector,
        records: Records,
        names: tuple[str, ...],
        page_size: int | None = None,
        *,
        given: Mapping[str, Any] | None = None,
        is_full: bool = False,
    ) -> None:
        self._connector = connector
        self._records = records
        self._page_size = page_size
        self._is_full = is_full
        self._on_item: Callable[[], None] | None = None
        self._given = dict(given or {})
        self._listings = find_listings(connector, names, self._given)

    @property
    def resources(self) -> list[str]:
        """The resources that are read, parents first."""
        return list(self._listings)

    def run(
        self,
        client: Client,
        account: str,
        on_list: Callable[[SyncReport], None],
        on_item: Callable[[], None] | None = None,
    ) -> list[SyncReport]:
        """Read all lists; `on_list` is told after each, `on_item` of each record; an error of theirs ends it.

        Raises ConnectorError: what was read until then is kept.
        """
        self._on_item = on_item
        owner = find_connection_owner(self._connector, client.connection, self._records.account)
        if owner is not None:
            self._records.claim(self._connector, owner)
        with contextlib.suppress(StoreError):  # of what calls told before, which was logged
            self._records.flush()
        return [self._read_resource(client, account, resource, on_list) for resource in self._listings]

    def list_requests(self, client: Client, account: str) -> Iterator[tuple[ListRead, Request]]:
        """Yield what would be read now: each list, and its first request."""
        for resource in self._listings:
            for read in self._find_lists(client, resource, account):
                yield read, client.dry_run(read.action, read.given)

    def _read_resource(
        self, client: Client, account: str, resource: str, on_list: Callable[[SyncReport], None]
    ) -> SyncReport:
        report = SyncReport(resource)
        for read in self._find_lists(client, resource, account):
            try:
                self._read_list(client, account, read, report)
                if self._lacks_some(account, read):
                    self._read_list(client, account, read, SyncReport(resource))
            except (NotFound, Denied, Rejected) as error:
                if not read.parent:
                    raise
                report.refused[read.parent] = str(error.args[0])
            report.lists += 1
            self._records.flush()  # a copy that cannot be written ends the sync
            on_list(report)
        self._mark_orphans(account, resource)
        return report

    def _lacks_some(self, account: str, read: ListRead) -> bool:
        """Whether a list in several pages lacks what it had: it is gone, or moved to a page that was read before."""
        if read.asks_since:
            return False
        self._records.flush()
        name = self._connector.name
        complete_at = self._records.find_complete_at(name, account, read.listing)
        return complete_at is not None and self._records.has_unseen(name, account, read.listing, complete_at)

    def _mark_orphans(self, account: str, resource: str) -> None:
        """Mark as gone what belongs to records that are gone, since nothing lists it any more."""
        parent = self._connector.manifest.resources[resource].parent
        if parent is None or self._listings[resource].parent_input is None:
            return
        name = self._connector.name
        ids = self._records.find_orphans(name, account, resource, parent)
        gone = [Sight(resource=resource, id=one, source="list", is_gone=True) for one in ids]
        if gone:
            self._records.keep(name, account, gone, self._records.now())
            self._records.flush()

    def _read_list(self, client: Client, account: str, read: ListRead, report: SyncReport) -> None:
        """Read a list; where only what is new was asked for, note that once all of it is written."""
        began_at = self._records.now()
        id_name = find_list_id(self._connector.manifest.resources[read.resource])
        ids: set[str] = set()
        item_count = 0
        with client.items(read.action, read.given, page_size=self._page_size) as items:
            for item in items:
                item_count += 1
                record_id = read_id(item, id_name)
                if not record_id:
                    report.without_id += 1
                    continue
                report.records += record_id not in ids
                ids.add(record_id)
                if self._on_item is not None:
                    self._on_item()
        if not read.asks_since:
            return
        self._records.flush()
        report.since += 1
        name = self._connector.name
        news = ReadList(
            name, account, read.resource, read.listing, ids, began_at, began_at, item_count=item_count, is_whole=False
        )
        self._records.finish_list(news)

    def _find_lists(self, client: Client, resource: str, account: str) -> Iterator[ListRead]:
        """Yield the lists of a resource: one, or that of each parent in the copy."""
        listed = self._listings[resource]
        own = {key: value for key, value in self._given.items() if key in listed.action.inputs}
        if listed.parent_input is None:
            yield self._describe(client, resource, account, own, "")
            return
        parent = self._connector.manifest.resources[resource].parent
        for record in self._records.find(self._connector.name, parent, account=account):
            yield self._describe(client, resource, account, {**own, listed.parent_input: record.id}, record.id)

    def _describe(self, client: Client, resource: str, account: str, given: dict[str, Any], parent: str) -> ListRead:
        listed = self._listings[resource]
        definition = self._connector.manifest.resources[resource]
        request = client.dry_run(listed.action.action, given)
        listing = read_listing(RecordKind(resource, "list", definition), listed, request)
        complete_at, read_at = self._records.find_list_times(self._connector.name, account, listing.name)
        now = self._records.now()
        is_due = self._is_full or now - (complete_at or 0.0) > _MAX_NEWS_SECONDS or (read_at or 0.0) > now + MAX_SKEW
        since = {} if is_due or not listing.is_whole else build_since(definition, listed.action, read_at)
        return ListRead(
            resource, listed.action.action, {**given, **since}, parent, listing.name, read_at, asks_since=bool(since)
        )
