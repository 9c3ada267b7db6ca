"""A writer thread with group commit: items that arrive during a commit share the next one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from connector.runtime.database.database import Database

BATCH_DELAY = 0.001  # seconds that the first item waits for others, at least; a commit costs more than its items
MAX_PENDING_BYTES = 64 << 20  # bytes of unwritten items; beyond that, new ones fail
_ITEM_OVERHEAD = 1024  # bytes of memory that an item takes beside its own

CompletionFuture = Future[None] | asyncio.Future[None]  # a caller in an event loop gets a future of that loop
_FutureT = TypeVar("_FutureT", Future[None], asyncio.Future[None])


class GroupCommitWriter:
    """Writes items on one thread; `write` stores up to `max_batch` of them in a transaction.

    A failed commit fails its own items only; the next one uses a new connection.
    """

    def __init__(
        self, database: Database, write: Callable[[Sequence[Any], Connection], None], max_batch: int, *, name: str
    ) -> None:
        """Prepare to write to a database; `name` says in messages what it is, such as "inbox"."""
        self._database, self._write, self._max_batch, self._name = database, write, max_batch, name
        self._pending: deque[tuple[Any, int, CompletionFuture]] = deque()
        self._pending_bytes = 0
        self._first_at = 0.0  # when the first of them came, by the monotonic clock
        self._is_idle = self._is_closed = False
        self._thread: threading.Thread | None = None
        self._condition = threading.Condition()

    def put(self, item: Any, size: int) -> Future[None]:
        """Write an item of `size` bytes; the future is done when the item is durable, or has the StoreError."""
        return self._enqueue(item, size, Future[None]())

    def put_async(self, item: Any, size: int) -> asyncio.Future[None]:
        """Do as `put`, with a future of the running loop; the items of a commit wake the loop once."""
        return self._enqueue(item, size, asyncio.get_running_loop().create_future())

    def _enqueue(self, item: Any, size: int, future: _FutureT) -> _FutureT:
        size += _ITEM_OVERHEAD
        with self._condition:
            if self._is_closed or self._pending_bytes + size > MAX_PENDING_BYTES:
                future.set_exception(self._build_refusal())
                return future
            if not self._pending:
                self._first_at = time.monotonic()
            self._pending_bytes += size
            self._pending.append((item, size, future))
            if self._is_idle:  # else the thread looks by itself, after what it writes now
                self._is_idle = False
                self._condition.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"connector-{self._name}", daemon=True)
                self._thread.start()
        return future

    def close(self) -> None:
        """Write all pending items and accept no more."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def _build_refusal(self) -> StoreError:
        display_url = self._database.display_url
        if self._is_closed:
            return StoreError(f"The {self._name} {display_url} is closed.", hint="Try again.", path=display_url)
        message = (
            f"The {self._name} {display_url} is overloaded: {MAX_PENDING_BYTES >> 20} MiB are waiting to be written."
        )
        return StoreError(message, hint="Try again later; none of them is lost.", path=display_url, retryable=True)

    def _run(self) -> None:
        batch = self._take_batch()
        while batch:
            try:
                with self._database.session():
                    while batch:
                        items = [item for item, _, _ in batch]
                        self._database.run_in_transaction(partial(self._write, items))
                        self._resolve_futures(batch, None)
                        batch = self._take_batch()
            except Exception as error:  # noqa: BLE001  raised again by the caller
                self._resolve_futures(batch, self._to_store_error(error))
                batch = self._take_batch()

    def _take_batch(self) -> list[tuple[Any, int, CompletionFuture]]:
        """Wait for items and return them; none when the writer is closed."""
        with self._condition:
            while not self._pending and not self._is_closed:
                self._is_idle = True
                self._condition.wait()
            self._is_idle = False
        if self._max_batch > 1:
            time.sleep(max(0.0, self._first_at + BATCH_DELAY - time.monotonic()))  # those of a commit waited already
        with self._condition:
            return [self._pending.popleft() for _ in range(min(len(self._pending), self._max_batch))]

    def _to_store_error(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        display_url = self._database.display_url
        return StoreError(
            f"{display_url} could not be written ({type(error).__name__}).", hint="Try again.", path=display_url
        )

    def _resolve_futures(self, batch: list[tuple[Any, int, CompletionFuture]], error: StoreError | None) -> None:
        with self._condition:
            self._pending_bytes -= sum(size for _, size, _ in batch)
        loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for _, _, future in batch:
            if isinstance(future, asyncio.Future):
                loops.setdefault(future.get_loop(), []).append(future)
            elif future.set_running_or_notify_cancel():
                _resolve(future, error)
        for loop, futures in loops.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed, so no caller waits there
                loop.call_soon_threadsafe(_resolve_all, futures, error)


def _resolve_all(futures: list[asyncio.Future[None]], error: StoreError | None) -> None:
    for future in futures:
        if not future.done():
            _resolve(future, error)


def _resolve(future: CompletionFuture, error: StoreError | None) -> None:
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
