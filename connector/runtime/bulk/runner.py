"""One action over many rows: so many at once, each noted before it is sent, results as they finish."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from connector.core.bulk.journal_state import FAILED, NEW, OPEN
from connector.core.exchange.exchange import Send
from connector.core.response.api_errors import changes, is_write
from connector.errors import ConnectorError, NotFound, SignInError, StoreError, UsageError
from connector.runtime.bulk.journal import cut_off
from connector.runtime.calls.factory import Choices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.core.exchange.exchange import Steps
    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.errors import Outcome
    from connector.runtime.bulk.journal import Journal
    from connector.runtime.bulk.row_reader import Row
    from connector.runtime.calls.prepared import Started
    from connector.runtime.client.client import Client

AT_ONCE = 8
MOST_AT_ONCE = 100
_LOOK = 0.1  # seconds: a signal that comes as a wait begins does not end that wait
_AHEAD = 4  # results for each row at once that may wait to be taken
_STOPS = (SignInError, StoreError, UsageError)  # what every row after it would meet too


@dataclass(frozen=True, slots=True, repr=False)
class RowResult:
    """What came of a row: `data` as JSON has it, see `run_rows`. `earlier` says that a run before this one did it."""

    data: dict[str, Any]
    error: ConnectorError | None = None
    earlier: bool = False

    @property
    def number(self) -> int:
        """The row's number, from 1."""
        number: int = self.data["row"]
        return number

    @property
    def outcome(self) -> Outcome:
        """What is known to have happened: done, not_sent, rejected or uncertain."""
        outcome: Outcome = self.data["outcome"]
        return outcome


@dataclass(frozen=True, slots=True)
class How:
    """How rows run: so many at once; on after one that failed; those that failed in an earlier run once more."""

    at_once: int = AT_ONCE
    keep_going: bool = False
    retry_failed: bool = False
    call: Choices = field(default_factory=Choices)


def run_rows(
    client: Client, action: str, rows: Iterator[Row], *, journal: Journal | None = None, how: How | None = None
) -> Rows:
    """Run an action for each row; yield a RowResult each, as they finish, those of earlier runs first.

    Its `data` is `{"row", "line", "outcome", "attempts"}` with `status` and `data` of a row that is done, with `error`
    of one that is not. A row that fails stops the run, unless `keep_going`: none is begun after it, those under way
    come to their end. What would stop every row (SignInError, StoreError, UsageError) always does, and is raised at
    the end. With a journal each row has its result once, whatever cuts a run off and however often it is run again.
    """
    return Rows(client, action, rows, journal, how or How())


class Rows:
    """Rows under way: an iterator of RowResult, and a context manager that lets none run on."""

    def __init__(self, client: Client, action: str, rows: Iterator[Row], journal: Journal | None, how: How) -> None:
        self._client, self._action = client, client.connector.action(action)
        self._rows, self._journal, self._how = rows, journal, how
        self._earlier = journal.results(failed=not how.retry_failed) if journal else iter(())
        self._wanted = (NEW, OPEN, FAILED) if how.retry_failed else (NEW, OPEN)
        self._turn = threading.Lock()  # rows are read one at a time
        self._room = threading.Semaphore(how.at_once * (1 + _AHEAD))
        self._results: queue.SimpleQueue[RowResult | None] = queue.SimpleQueue()
        self._halted = threading.Event()
        self._threads: list[threading.Thread] = []
        self._working = 0
        self._left = False
        self._sent: dict[int, Row] = {}  # under way, and not to be sent twice
        self._fatal: BaseException | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RowResult:
        earlier = next(self._earlier, None)
        if earlier is not None:
            return RowResult(earlier, earlier=True)
        if not self._threads:
            self._begin()
        found = self._taken(lambda: False)
        if found is None:
            raise self._fatal or StopIteration
        return found

    def _begin(self) -> None:
        # Daemons, so that a process which is told to end need not wait: the journal knows what was under way.
        self._threads = [
            threading.Thread(target=self._work, name=f"row-{place}", daemon=True) for place in range(self._how.at_once)
        ]
        self._working = len(self._threads)
        for thread in self._threads:
            thread.start()

    def _taken(self, enough: Callable[[], bool]) -> RowResult | None:
        """Return the next result; None when all have ended, or it is enough."""
        while self._working:
            try:
                found = self._results.get(timeout=_LOOK)
            except queue.Empty:
                if enough():
                    return None
                continue
            if found is not None:
                self._room.release()
                return found
            self._working -= 1
        return None

    def stop(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> Iterator[RowResult]:
        """Begin no more rows, as of now; return what those under way come to within so many seconds, if not enough.

        Nobody waits for what is left: a journal has it as under way.
        """
        self._halted.set()
        self._left = True
        until = time.monotonic() + seconds
        over = lambda: enough() or time.monotonic() >= until  # noqa: E731
        return iter(lambda: self._taken(over), None)

    def cut_off(self) -> list[RowResult]:
        """Return the rows that were sent and left: nobody knows whether they were done."""
        left = sorted(self._sent.copy().items())
        return [RowResult(cut_off(number, row.line)) for number, row in left]

    def close(self) -> None:
        """Begin no more rows, and wait for those under way, but for those that `stop` left."""
        self._halted.set()
        if self._left:
            return
        for _ in self._threads:
            self._room.release()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        """One thread: take a row, run it, hand over what came of it; until there is none."""
        try:
            while True:
                self._room.acquire()
                row = self._next()
                if row is None:
                    return
                self._results.put(self._one(row))
        except BaseException as error:  # noqa: BLE001  it is raised where the results are taken
            self._stopped(error)
        finally:
            self._results.put(None)

    def _next(self) -> Row | None:
        """Return the next row that is to run: one that is new, or may be sent again."""
        with self._turn:
            while not self._halted.is_set():
                row = next(self._rows, None)
                if row is None or self._journal is None or self._journal.story.state(row.number) in self._wanted:
                    return row
        return None

    def _stopped(self, error: BaseException) -> None:
        self._fatal = self._fatal or error
        self._halted.set()

    def _one(self, row: Row) -> RowResult:
        noted = _Noted(self._journal, row, self._sent)
        try:
            if row.error is not None:
                raise row.error
            result = self._call(row, noted)
        except ConnectorError as error:
            if noted.again and self._action.method == "DELETE" and isinstance(error, NotFound):
                ended = RowResult(_gone(row, error))
            else:
                ended = self._failed(row, error)
        else:
            ended = RowResult(_of(row, result))
        self._note(ended, noted)
        self._sent.pop(row.number, None)
        return ended

    def _call(self, row: Row, noted: _Noted) -> Result:
        key = self._journal.story.key(row.number) if self._journal else None
        how = replace(self._how.call, idempotency_key=key) if key else self._how.call
        return self._client._run(self._action.action, row.given, how, noted.through)  # noqa: SLF001  run() with a tap

    def _failed(self, row: Row, error: ConnectorError) -> RowResult:
        if isinstance(error, _STOPS):
            self._stopped(error)
        elif not self._how.keep_going:
            self._halted.set()
        data = {"row": row.number, "line": row.line, "outcome": error.outcome, "attempts": error.attempts}
        return RowResult({**data, "error": error.to_dict()}, error)

    def _note(self, ended: RowResult, noted: _Noted) -> None:
        """Note what came of a row; one that met what stops all rows was not to blame, and stays to be done."""
        if self._journal is None:
            return
        stays = isinstance(ended.error, _STOPS) and ended.outcome != "uncertain"
        try:
            if not stays:
                self._journal.end(ended.data)
            elif noted.begun:
                self._journal.undo(ended.number)
        except StoreError as error:
            self._stopped(error)


class _Noted:
    """Notes in the journal that a row is begun, just before its first request that changes something is sent."""

    def __init__(self, journal: Journal | None, row: Row, sent: dict[int, Row]) -> None:
        self._journal, self._row, self._sent = journal, row, sent
        self.begun = False
        self.again = journal is not None and journal.story.state(row.number) == OPEN

    def through(self, started: Started, steps: Steps) -> Steps:
        """Hand on the asks of a call and their answers; what cannot be noted is not sent. Raises StoreError."""
        answer: Any = None
        try:
            while True:
                ask = steps.send(answer)
                if type(ask) is Send and not self.begun and changes(ask.request):
                    self._begin(started, ask.request)
                answer = yield ask
        except StopIteration as end:
            result: Result = end.value
            return result
        finally:
            steps.close()

    def _begin(self, started: Started, request: Request) -> None:
        key = started.policy.key
        again = key is not None or not is_write(started.plan.action, request)
        if self._journal is not None:
            self._journal.begin(self._row.number, self._row.line, key, again=again)
        if not again:
            self._sent[self._row.number] = self._row
        self.begun = True


def _of(row: Row, result: Result) -> dict[str, Any]:
    """Return what came of a row that is done, as JSON has it."""
    shown = result.to_dict()
    data = {
        "row": row.number, "line": row.line, "outcome": shown["outcome"], "attempts": shown["attempts"],
        "status": shown["status"], "data": shown["data"],
    }  # fmt: skip
    if "encoding" in shown:
        data["encoding"] = shown["encoding"]
    if shown["warnings"]:
        data["warnings"] = shown["warnings"]
    return data


def _gone(row: Row, error: NotFound) -> dict[str, Any]:
    """Return the result of a row that was cut off while it removed something, which now is not there."""
    return {
        "row": row.number, "line": row.line, "outcome": "done", "attempts": error.attempts,
        "status": error.status, "data": {},
    }  # fmt: skip
