"""The observer that keeps what the calls of a client tell of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from connector.core.exchange.asks import SendRequest, YieldPage
from connector.core.records import sights
from connector.errors import ConnectorError, NotFound
from connector.runtime.calls.observer import Observer
from connector.runtime.records.accounts import find_owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future

    from connector.core.exchange.asks import Ask
    from connector.core.records.kinds import RecordKind
    from connector.core.records.record import Sight
    from connector.core.response.result import Result
    from connector.definition.loader import Connector
    from connector.runtime.calls.observer import ObservedCall
    from connector.runtime.records.accounts import Owner
    from connector.runtime.records.tables import ReadList


class KeepsRecords(Protocol):
    """A copy of records, as what writes into it sees it."""

    account: str | None

    def tell_unknown_account(self) -> None:
        """Tell once that nothing is kept of calls of which nobody says whose they are."""
        ...

    def claim(self, connector: Connector, owner: Owner) -> None:
        """Note whose records are about to be kept. Raises StoreError where the copy has another one's."""
        ...

    def may_keep(self, connector: Connector, owner: Owner) -> bool:
        """Whether the records that a call tells of may be kept, as far as this process knows."""
        ...

    def keep(
        self, connector: str, account: str, sights: Sequence[Sight], at: float, owner: Owner | None = None
    ) -> Future[None]:
        """Keep sights, if the copy has no other owner's; the future is done when they are durable."""
        ...

    def finish_list(self, read: ReadList) -> Future[None]:
        """Note that a list was read to its end."""
        ...


class RecordObserver(Observer):
    """Keeps the records that replies tell of, each page of a list as it comes; a list that was read whole is noted."""

    def __init__(self, records: KeepsRecords) -> None:
        self._records = records

    def begin(self, call: ObservedCall) -> None:
        """Begin the notes of a call that is about records; none are kept where nobody says whose they are."""
        kind = sights.find_kind(call.compiled.connector, call.compiled.action)
        if kind is None:
            return
        owner = find_owner(call, self._records.account)
        if owner is None:
            self._records.tell_unknown_account()
            return
        if self._records.may_keep(call.compiled.connector, owner):
            call.notes[self] = _CallNotes(kind, owner, call.started_at)

    def before(self, call: ObservedCall, ask: Ask) -> None:
        """Note that something is sent."""
        notes: _CallNotes | None = call.notes.get(self)
        if notes is not None and isinstance(ask, SendRequest):
            notes.is_sent = True

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:
        """Keep the records of a page."""
        notes: _CallNotes | None = call.notes.get(self)
        if answer is None and isinstance(ask, YieldPage) and notes is not None and notes.kind.role == "list":
            notes.is_merged = ask.result.complete  # a page of a stream is none that is
            self._keep_page(call, notes, ask.result, times[1])

    def end(self, call: ObservedCall, outcome: Result | BaseException) -> None:
        """Keep what the end of a call tells."""
        notes: _CallNotes | None = call.notes.get(self)
        if notes is None or not notes.is_sent:
            return
        now = call.started_at + call.measure_elapsed()
        request, action = call.request, call.compiled.action
        if isinstance(outcome, BaseException):
            is_missing = isinstance(outcome, NotFound)
            if is_missing or not isinstance(outcome, ConnectorError) or outcome.outcome == "uncertain":
                self._keep(call, notes, sights.read_refusal(notes.kind, action, request, is_missing=is_missing), now)
        elif notes.kind.role == "list":
            if notes.is_merged:  # the outcome has the items of all pages
                notes.item_count = 0
            self._keep_page(call, notes, outcome, now)
            listing = sights.read_listing(notes.kind, call.compiled, request)
            if outcome.complete and call.compiled.pagination is not None and listing.is_whole:
                self._records.finish_list(_describe_list(call, notes, listing.name, now))
        else:
            told = sights.read_reply(notes.kind, action, request, outcome.data, request.full_redactor)
            self._keep(call, notes, told, now)

    def _keep_page(self, call: ObservedCall, notes: _CallNotes, result: Result, at: float) -> None:
        if call.compiled.pagination is None:
            return
        items = call.extract_items(result)
        redactor = call.request.full_redactor
        seen = list(sights.read_items(notes.kind, call.compiled, call.request, items, redactor))
        notes.pages += 1
        notes.item_count += len(items)
        notes.ids.update(sight.id for sight in seen)
        self._keep(call, notes, seen, at)

    def _keep(self, call: ObservedCall, notes: _CallNotes, seen: Iterable[Sight], at: float) -> None:
        told = list(seen)
        if told:
            notes.pending.append(
                self._records.keep(call.compiled.connector.name, notes.owner.account, told, at, notes.owner)
            )


def _describe_list(call: ObservedCall, notes: _CallNotes, listing: str, now: float) -> ReadList:
    from connector.runtime.records.tables import ReadList

    return ReadList(
        call.compiled.connector.name, notes.owner.account, notes.kind.resource, listing, notes.ids, notes.began_at, now,
        notes.pending, notes.item_count, is_one_page=notes.pages == 1, owner=notes.owner,
    )  # fmt: skip


class _CallNotes:
    """What the observer keeps with a call: the ids that it saw, and the writes that wait."""

    __slots__ = ("began_at", "ids", "is_merged", "is_sent", "item_count", "kind", "owner", "pages", "pending")

    def __init__(self, kind: RecordKind, owner: Owner, began_at: float) -> None:
        self.kind, self.owner, self.began_at = kind, owner, began_at
        self.ids: set[str] = set()
        self.pending: list[Future[None]] = []
        self.pages = 0
        self.item_count = 0
        self.is_merged = self.is_sent = False
