"""The one thread of a process that writes into an inbox: all that comes during a commit shares the next one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from connector.runtime.database.database import Database

GATHERING = 0.001  # seconds that the first one waits for others: a commit costs more than what is in it
MOST_WAITING = 64 << 20  # bytes that wait to be written; beyond, nothing more is taken
_OVERHEAD = 1024  # bytes that a thing costs besides its own

Done = Future[None] | asyncio.Future[None]  # who waits in a loop has a future of that loop
_Done = TypeVar("_Done", Future[None], asyncio.Future[None])


class Writer:
    """Writes things of an inbox; `write` puts several into a transaction, `most` is how many share one.

    A failed commit fails what was in it and nothing else: the next one has a new connection.
    """

    def __init__(self, database: Database, write: Callable[[Sequence[Any], Connection], None], most: int) -> None:
        self._database, self._write, self._most = database, write, most
        self._waiting: deque[tuple[Any, int, Done]] = deque()
        self._size = 0
        self._ended = False
        self._thread: threading.Thread | None = None
        self._gate = threading.Condition()

    def put(self, thing: Any, size: int) -> Future[None]:
        """Write a thing of so many bytes; the future is done when a crash cannot undo it, or has the StoreError."""
        return self._put(thing, size, Future[None]())

    def put_here(self, thing: Any, size: int) -> asyncio.Future[None]:
        """Do as `put`, with a future of the running loop: all that share a commit wake it once."""
        return self._put(thing, size, asyncio.get_running_loop().create_future())

    def _put(self, thing: Any, size: int, done: _Done) -> _Done:
        size += _OVERHEAD
        with self._gate:
            if self._ended or self._size + size > MOST_WAITING:
                done.set_exception(self._refusal())
                return done
            self._size += size
            self._waiting.append((thing, size, done))
            self._gate.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="connector-inbox", daemon=True)
                self._thread.start()
        return done

    def close(self) -> None:
        """Write what waits, and take no more."""
        with self._gate:
            self._ended = True
            self._gate.notify()
        if self._thread is not None:
            self._thread.join()

    def _refusal(self) -> StoreError:
        shown = self._database.shown
        if self._ended:
            return StoreError(f"The inbox {shown} is closed.", hint="Let the sender send it again.", path=shown)
        message = f"The inbox {shown} is behind: {MOST_WAITING >> 20} MiB wait to be written. Nothing of it is lost."
        return StoreError(message, hint="Let the sender send it again later.", path=shown, retryable=True)

    def _run(self) -> None:
        batch = self._next()
        while batch:
            try:
                with self._database.session():
                    while batch:
                        things = [thing for thing, _, _ in batch]
                        self._database.together(partial(self._write, things))
                        self._tell(batch, None)
                        batch = self._next()
            except Exception as error:  # noqa: BLE001  whatever it is: nobody may wait for ever
                self._tell(batch, self._failure(error))
                batch = self._next()

    def _next(self) -> list[tuple[Any, int, Done]]:
        """Wait for things, and return them; none when the inbox is closed."""
        with self._gate:
            self._gate.wait_for(lambda: self._waiting or self._ended)
        if self._most > 1:
            time.sleep(GATHERING)
        with self._gate:
            batch = list(islice(self._waiting, self._most))
            for _ in batch:
                self._waiting.popleft()
            return batch

    def _failure(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        shown = self._database.shown
        return StoreError(f"{shown} could not be written ({type(error).__name__}).", hint="Try again.", path=shown)

    def _tell(self, batch: list[tuple[Any, int, Done]], failed: StoreError | None) -> None:
        with self._gate:
            self._size -= sum(size for _, size, _ in batch)
        loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for _, _, done in batch:
            if isinstance(done, asyncio.Future):
                loops.setdefault(done.get_loop(), []).append(done)
            elif done.set_running_or_notify_cancel():
                _end(done, failed)
        for loop, waiting in loops.items():
            with contextlib.suppress(RuntimeError):  # the loop was closed, so nobody waits there
                loop.call_soon_threadsafe(_end_all, waiting, failed)


def _end_all(waiting: list[asyncio.Future[None]], failed: StoreError | None) -> None:
    for done in waiting:
        if not done.done():
            _end(done, failed)


def _end(done: Done, failed: StoreError | None) -> None:
    if failed is None:
        done.set_result(None)
    else:
        done.set_exception(failed)
