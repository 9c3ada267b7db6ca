"""Blocking work on threads of its own, shared by all who need its result.

Callers - threads, and tasks of any loop - wait until their own deadline; none of them can cancel it.
"""

from __future__ import annotations

import copy
import os
import threading
import time
from concurrent import futures
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.errors import ConnectorError, DeadlineError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

POLL_INTERVAL = 0.5  # seconds
T = TypeVar("T")
_WorkKey = tuple[int, "Hashable"]  # the process id, since threads end at a fork, and what the work is for


class SharedWork(Generic[T]):
    """Runs work once for all who need it at the same time; `purpose` says in an error what a thread was for."""

    def __init__(self, thread_name: str, *, purpose: str, is_daemon: bool) -> None:
        self._thread_name = thread_name
        self._purpose = purpose
        self._is_daemon = is_daemon
        self.in_progress: dict[_WorkKey, futures.Future[T]] = {}

    def start_or_join(self, key: Hashable, work: Callable[[], T]) -> futures.Future[T]:
        """Return the work in progress for a key, or start it."""
        work_key: _WorkKey = (os.getpid(), key)
        new_future: futures.Future[T] = futures.Future()
        new_future.set_running_or_notify_cancel()
        future = self.in_progress.setdefault(work_key, new_future)
        if future is new_future:
            try:
                thread_args = (work_key, new_future, work)
                threading.Thread(
                    target=self._run, args=thread_args, name=self._thread_name, daemon=self._is_daemon
                ).start()
            except RuntimeError as error:
                self.in_progress.pop(work_key, None)
                message = f"Cannot start a thread to {self._purpose}: {error}."
                new_future.set_exception(TransportError(message, kind="thread"))
        return future

    def _run(self, work_key: _WorkKey, future: futures.Future[T], work: Callable[[], T]) -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001  every waiter must get it
            self.in_progress.pop(work_key, None)
            future.set_exception(error)
        else:
            self.in_progress.pop(work_key, None)
            future.set_result(result)


def wait(future: futures.Future[T], seconds: float, cancel: threading.Event | None = None) -> None:
    """Wait at most `seconds` for work, or until `cancel` is set.

    It polls twice a second: a signal just before a long wait would otherwise be noticed only at its end.
    """
    deadline = time.monotonic() + seconds
    while not future.done() and (remaining := deadline - time.monotonic()) > 0 and not (cancel and cancel.is_set()):
        futures.wait((future,), min(remaining, POLL_INTERVAL))


async def wait_async(future: futures.Future[T], seconds: float, cancel: threading.Event | None = None) -> None:
    """As `wait`, in a task; cancelling the task does not cancel the work."""
    import asyncio

    deadline = time.monotonic() + seconds
    waiter = asyncio.wrap_future(future)
    try:
        while not future.done() and (remaining := deadline - time.monotonic()) > 0 and not (cancel and cancel.is_set()):
            await asyncio.wait({waiter}, timeout=min(remaining, POLL_INTERVAL))
    finally:
        waiter.cancel()  # only this wait: running work cannot be cancelled


def get_result(future: futures.Future[T], unfinished: str, seconds: float) -> T | ConnectorError:
    """Return the result of work, or its error; each waiter gets its own copy, which its call annotates.

    `unfinished` is the message for work that has not ended, after a wait of `seconds`.
    """
    if not future.done():
        return DeadlineError(unfinished, hint="Try again.", retryable=True, limit=seconds, elapsed=seconds)
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, ConnectorError):
        return copy.copy(error)
    raise error


def run_within(work: Callable[[], T], seconds: float, unfinished: str) -> T:
    """Run blocking work, and return its result within `seconds`. Raises its error, or DeadlineError."""
    pool: SharedWork[T] = SharedWork("connector-store", purpose="read the store", is_daemon=True)
    future = pool.start_or_join(None, work)
    wait(future, seconds)
    result = get_result(future, unfinished, seconds)
    if isinstance(result, ConnectorError):
        raise result
    return result
