"""Run blocking calls on worker threads, so that Ctrl-C or a close can interrupt the caller."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import Future, InvalidStateError
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class InterruptibleThreads(Generic[T]):
    """Worker threads, one for each call at a time; they end with this object."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._idle_workers: list[SimpleQueue[Any]] = []
        self._pending_tasks: set[Future[T]] = set()

    def run(self, work: Callable[[Future[T]], T], timeout: float | None = None) -> T:
        """Return what the work returns; the future that it gets is `done` once nobody waits for the result.

        Raises the work's exceptions, TimeoutError after `timeout` seconds, CancelledError after `cancel_all`, and
        KeyboardInterrupt.
        """
        if self._pid != os.getpid():  # a fork has none of its parent's threads
            self._reset()
        task: Future[T] = Future()
        worker = self._acquire_worker()
        self._pending_tasks.add(task)
        worker.put((task, work))
        try:
            return task.result(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        finally:
            self._pending_tasks.discard(task)
            if task.cancel():  # it has no result yet, or was cancelled
                worker.put(None)  # so the worker ends with the work
            else:
                self._idle_workers.append(worker)

    def _acquire_worker(self) -> SimpleQueue[Any]:
        with contextlib.suppress(IndexError):
            return self._idle_workers.pop()
        queue: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=_run_tasks, args=(queue,), name="connector-http", daemon=True).start()
        return queue

    def cancel_all(self) -> None:
        """Cancel every call, and end the threads."""
        if self._pid != os.getpid():
            return
        for task in list(self._pending_tasks):
            task.cancel()
        while self._idle_workers:
            with contextlib.suppress(IndexError):
                self._idle_workers.pop().put(None)

    def __del__(self) -> None:
        for worker in self._idle_workers:
            worker.put(None)


def _run_tasks(queue: SimpleQueue[Any]) -> None:
    while (item := queue.get()) is not None:
        _run_task(*item)
        del item  # an idle thread keeps no reference


def _run_task(task: Future[T], work: Callable[[Future[T]], T]) -> None:
    try:
        result = work(task)
    except BaseException as error:  # noqa: BLE001  SystemExit in a thread must not end the loop
        with contextlib.suppress(InvalidStateError):  # the task was cancelled meanwhile
            task.set_exception(error)
    else:
        with contextlib.suppress(InvalidStateError):
            task.set_result(result)
