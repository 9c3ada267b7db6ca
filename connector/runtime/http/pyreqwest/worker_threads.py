"""Run blocking calls on worker threads, so that Ctrl-C or a close can interrupt the caller."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import CancelledError
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class WorkerTask(Generic[T]):
    """One call on a worker thread; its first outcome counts: what the work comes to, or that it was cancelled.

    A future, with its condition, states and callbacks, takes three times as many instructions.
    """

    __slots__ = ("_outcomes", "_settled")

    def __init__(self) -> None:
        self._outcomes: dict[str, tuple[Any, BaseException | None]] = {}
        self._settled: SimpleQueue[None] = SimpleQueue()  # gets an item when there is an outcome

    def settle(self, result: Any, error: BaseException | None = None) -> None:
        """Set the outcome, unless there is one, and wake who waits for it."""
        outcome = (result, error)
        if self._outcomes.setdefault("first", outcome) is outcome:
            self._settled.put(None)

    def cancel(self) -> bool:
        """Let nobody wait for the result any more; return False where there is one."""
        if not self._outcomes:
            self.settle(None, CancelledError())
        return isinstance(self._outcomes["first"][1], CancelledError)

    def done(self) -> bool:
        """Whether nobody waits for the result any more."""
        return bool(self._outcomes)

    def wait(self, timeout: float | None) -> T:
        """Return what the work returned. Raises what it raised, TimeoutError, CancelledError, KeyboardInterrupt."""
        try:
            self._settled.get(timeout=None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        except Empty:
            raise TimeoutError from None
        result: T
        result, error = self._outcomes["first"]
        if error is not None:
            raise error
        return result


class InterruptibleThreads(Generic[T]):
    """Worker threads, one for each call at a time; they end with this object."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._idle_workers: list[SimpleQueue[Any]] = []
        self._pending_tasks: set[WorkerTask[T]] = set()

    def run(self, work: Callable[[WorkerTask[T]], T], timeout: float | None = None) -> T:
        """Return what the work returns; the task that it gets is `done` once nobody waits for the result.

        Raises the work's exceptions, TimeoutError after `timeout` seconds, CancelledError after `cancel_all`, and
        KeyboardInterrupt.
        """
        if self._pid != os.getpid():  # a fork has none of its parent's threads
            self._reset()
        task: WorkerTask[T] = WorkerTask()
        worker = self._acquire_worker()
        self._pending_tasks.add(task)
        worker.put((task, work))
        try:
            return task.wait(timeout)
        finally:
            self._pending_tasks.discard(task)
            if task.cancel():  # it has no result yet, or was cancelled
                worker.put(None)  # so the worker ends with the work
            else:
                self._idle_workers.append(worker)

    def _acquire_worker(self) -> SimpleQueue[Any]:
        try:
            return self._idle_workers.pop()
        except IndexError:  # all are busy, or there is none yet
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


def _run_task(task: WorkerTask[T], work: Callable[[WorkerTask[T]], T]) -> None:
    try:
        result = work(task)
    except BaseException as error:  # noqa: BLE001  SystemExit in a thread must not end the loop
        task.settle(None, error)
    else:
        task.settle(result)
