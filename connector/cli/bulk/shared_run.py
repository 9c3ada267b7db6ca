"""The results of a shared run as they come, whichever worker made them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from connector.errors import ConnectorError, from_dict
from connector.runtime.bulk.row_result import RowResult, interrupted_result
from connector.runtime.bulk.shared_results import count_rows, find_finished, read_results
from connector.runtime.bulk.shared_tables import ROW_RUNNING, RUN_CANCELLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import SharedRun

_POLL_SECONDS = 0.1
_OVERLAP_SECONDS = 2.0  # a commit can become visible after one with a later time
_READ_AT_ONCE = 500  # rows
_OTHERS_SECONDS = 5.0  # to wait for the rows that other workers have in progress when the run has stopped


class SharedBulkRun:
    """An iterator of RowResult over a shared run, each row once; it ends when no row can follow."""

    def __init__(self, journal: SharedJournal, run: SharedRun, worker: Any, started_at: float) -> None:
        self._journal, self._run, self._worker, self._started_at = journal, run, worker, started_at
        self._printed = bytearray(run.count + 1)
        self._results = self._follow()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RowResult:
        return next(self._results)

    def _follow(self) -> Iterator[RowResult]:
        since, stopped_at = 0.0, None
        while True:
            found = find_finished(self._journal, self._run, since)
            yield from self._read_new(found)
            if found:
                since = max(since, found[-1][1] - _OVERLAP_SECONDS)
            if self._worker.error is not None:
                raise self._worker.error
            run, counts = self._journal.read_run(self._run.id), count_rows(self._journal, self._run)
            stopped_at = None if run.is_running else stopped_at or time.monotonic()
            is_over = stopped_at is not None and self._worker.is_idle and counts.by_state[ROW_RUNNING] == 0
            waited = stopped_at is not None and time.monotonic() > stopped_at + _OTHERS_SECONDS
            if counts.open == 0 or is_over or (waited and self._worker.is_idle):
                yield from self._sweep()
                if counts.open and (run.reason is not None or run.state == RUN_CANCELLED):
                    raise _build_stop_error(run)
                return
            time.sleep(_POLL_SECONDS)

    def _read_new(self, found: list[tuple[int, float]]) -> Iterator[RowResult]:
        """Yield the results that have not been yielded, a few hundred read at once."""
        new = [(number, at) for number, at in found if not self._printed[number]]
        earlier = {number for number, at in new if at < self._started_at}
        numbers = sorted(earlier) + [number for number, _ in new if number not in earlier]
        for start in range(0, len(numbers), _READ_AT_ONCE):
            for data in read_results(self._journal, self._run, numbers[start : start + _READ_AT_ONCE]):
                yield self._to_result(data, is_earlier=data["row"] in earlier)

    def _sweep(self) -> Iterator[RowResult]:
        """Yield what was missed, if anything."""
        yield from self._read_new(find_finished(self._journal, self._run, 0.0))

    def _to_result(self, data: dict[str, Any], *, is_earlier: bool) -> RowResult:
        self._printed[data["row"]] = 1
        error = from_dict(data["error"]) if "error" in data and not is_earlier else None
        return RowResult(data, error, from_earlier_run=is_earlier)

    def drain(self, timeout: float, should_stop: Callable[[], bool] = lambda: False) -> Iterator[RowResult]:
        """Start no further row here; yield the results that still come, until this process has none in progress."""
        self._worker.stop()
        deadline = time.monotonic() + timeout
        while not (self._worker.is_idle or should_stop() or time.monotonic() > deadline):
            time.sleep(_POLL_SECONDS)
        self._worker.flush()
        yield from self._sweep()

    def list_interrupted(self) -> list[RowResult]:
        """Return the rows of this process that are still in progress, whose outcome is uncertain."""
        in_flight = self._worker.list_in_flight()
        self._worker.abandon()
        return [RowResult(interrupted_result(number, line)) for number, line in in_flight]


def _build_stop_error(run: SharedRun) -> ConnectorError:
    """Return the error that stopped a run, or that it was cancelled."""
    if run.reason is not None:
        return from_dict(run.reason)
    return ConnectorError("The run was cancelled: no further row is sent.", hint="The same command continues it.")
