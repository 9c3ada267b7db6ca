"""A sync of the copy of records, beside the pages."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from connector.cli.output.counts import format_count
from connector.cli.output.error_output import to_connector_error
from connector.errors import UsageError
from connector.first_use import dataclass
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.runtime.sync.sync import SyncReport


class ReadLists(Protocol):
    """Reads lists into the copy."""

    def __call__(self, on_list: Callable[[SyncReport], None], on_item: Callable[[], None]) -> Sequence[SyncReport]:
        """Read them, and tell of each. Raises ConnectorError."""
        ...


class _EndedError(Exception):
    """The console ends, and with it what it reads."""


@dataclass(slots=True, repr=False)
class Syncing:
    """A sync: how far it is, then what it read, or why it ended."""

    reports: Future[Sequence[SyncReport]] = field(init=False)
    records: int = 0
    lists: int = 0
    is_cancelled: bool = False

    @property
    def is_ended(self) -> bool:
        """Whether it is over."""
        return self.reports.done()

    @property
    def is_failed(self) -> bool:
        """Whether it ended without having read everything."""
        if not self.is_ended:
            return False
        return self.reports.exception() is not None or any(report.refused for report in self.reports.result())

    def describe(self) -> str:
        """Return how far it is, or what came of it."""
        if not self.is_ended:
            return f"{format_count(self.records, 'record')} so far, {format_count(self.lists, 'list')} read."
        error = self.reports.exception()
        return " ".join(map(_describe_report, self.reports.result())) if error is None else _describe_error(error)

    def count_record(self) -> None:
        """Note that a record was read. Raises _EndedError when the console ends."""
        if self.is_cancelled:
            raise _EndedError
        self.records += 1

    def count_list(self, _: SyncReport) -> None:
        """Note that a list was read."""
        self.lists += 1


class Syncs:
    """The syncs of one console, one after another."""

    def __init__(self) -> None:
        self.last: Syncing | None = None
        self._reader = ThreadPoolExecutor(1, "connector-sync")
        self._lock = ForkSafeLock()

    def begin(self, read_lists: ReadLists) -> Syncing:
        """Begin a sync in a thread of its own. Raises UsageError while another is at work."""
        with self._lock:
            if self.last is not None and not self.last.is_ended:
                raise UsageError("A sync is at work already.", hint="Wait until it has ended.")
            one = Syncing()
            one.reports = self._reader.submit(read_lists, one.count_list, one.count_record)
            self.last = one
        return one

    def describe(self) -> str:
        """Return a text that changes as the last one goes on, and with its end."""
        return "" if self.last is None else f"{self.last.is_ended} {self.last.describe()}"

    def close(self) -> None:
        """End the one that is at work."""
        if self.last is not None:
            self.last.is_cancelled = True
        self._reader.shutdown(wait=False)


def _describe_error(error: BaseException) -> str:
    if isinstance(error, _EndedError):
        return "The sync ended with the console. What was read until then is kept."
    return str(to_connector_error(error)) if isinstance(error, Exception) else type(error).__name__


def _describe_report(report: SyncReport) -> str:
    lists = format_count(report.lists, "list")
    refused = "".join(f" The service refused that of {parent}: {why}" for parent, why in report.refused.items())
    return f"{report.resource}: {format_count(report.records, 'record')} in {lists}.{refused}"
