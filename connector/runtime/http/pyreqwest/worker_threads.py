"""Work that is done on another thread, so that whoever waits for it can be woken: by Ctrl-C, or by a close.

For what waits where Python cannot reach: signals are handled, and exceptions raised, only where Python itself runs.
"""

from __future__ import annotations

import contextlib
import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class ThreadTask(Generic[T]):
    """One piece of work. `over` says that nobody waits for it any more, and that it should end."""

    __slots__ = ("abandoned", "results", "work")

    def __init__(self, work: Callable[[ThreadTask[T]], T]) -> None:
        self.work = work
        self.abandoned = False
        self.results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run(self) -> None:
        """Work, and answer with what comes of it."""
        try:
            self.results.put((self.work(self), None))
        except BaseException as error:  # noqa: BLE001  it is raised where the work is waited for
            self.results.put((None, error))


class InterruptibleThreads(Generic[T]):
    """Threads that work for callers, one for each call at a time; they end with this object."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._idle_workers: list[SimpleQueue[ThreadTask[T] | None]] = []
        self._pending_tasks: set[ThreadTask[T]] = set()

    def run(self, work: Callable[[ThreadTask[T]], T]) -> T:
        """Return what the work returns, or what `end` was given. Raises what it raises, and KeyboardInterrupt."""
        if self._pid != os.getpid():  # threads do not come along in a fork
            self._reset()
        task = ThreadTask(work)
        worker = self._acquire_worker()
        self._pending_tasks.add(task)
        worker.put(task)
        try:
            value, error = task.results.get()
        except BaseException:
            task.abandoned = True
            raise
        finally:
            self._pending_tasks.discard(task)
            if task.abandoned:
                worker.put(None)  # it ends when the work does
            else:
                self._idle_workers.append(worker)
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # one of the two is there

    def _acquire_worker(self) -> SimpleQueue[ThreadTask[T] | None]:
        with contextlib.suppress(IndexError):
            return self._idle_workers.pop()
        queue: SimpleQueue[ThreadTask[T] | None] = SimpleQueue()
        threading.Thread(target=_run_tasks, args=(queue,), name="connector-errand", daemon=True).start()
        return queue

    def cancel_all(self, value: T) -> None:
        """Answer everybody who waits with this value, and let the threads go."""
        if self._pid != os.getpid():
            return
        for task in list(self._pending_tasks):
            task.abandoned = True
            task.results.put((value, None))
        while self._idle_workers:
            with contextlib.suppress(IndexError):
                self._idle_workers.pop().put(None)

    def __del__(self) -> None:
        for worker in self._idle_workers:
            worker.put(None)


def _run_tasks(queue: SimpleQueue[Any]) -> None:
    """Do one errand after another; keep hold of none."""
    while (task := queue.get()) is not None:
        task.run()
        del task
