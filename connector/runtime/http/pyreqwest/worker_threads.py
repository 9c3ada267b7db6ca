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


class Errand(Generic[T]):
    """One piece of work. `over` says that nobody waits for it any more, and that it should end."""

    __slots__ = ("answers", "over", "work")

    def __init__(self, work: Callable[[Errand[T]], T]) -> None:
        self.work = work
        self.over = False
        self.answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def do(self) -> None:
        """Work, and answer with what comes of it."""
        try:
            self.answers.put((self.work(self), None))
        except BaseException as error:  # noqa: BLE001  it is raised where the work is waited for
            self.answers.put((None, error))


class Errands(Generic[T]):
    """Threads that work for callers, one for each call at a time; they end with this object."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._idle: list[SimpleQueue[Errand[T] | None]] = []
        self._waiting: set[Errand[T]] = set()

    def run(self, work: Callable[[Errand[T]], T]) -> T:
        """Return what the work returns, or what `end` was given. Raises what it raises, and KeyboardInterrupt."""
        if self._pid != os.getpid():  # threads do not come along in a fork
            self._begin()
        errand = Errand(work)
        thread = self._thread()
        self._waiting.add(errand)
        thread.put(errand)
        try:
            value, error = errand.answers.get()
        except BaseException:
            errand.over = True
            raise
        finally:
            self._waiting.discard(errand)
            if errand.over:
                thread.put(None)  # it ends when the work does
            else:
                self._idle.append(thread)
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # one of the two is there

    def _thread(self) -> SimpleQueue[Errand[T] | None]:
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        asked: SimpleQueue[Errand[T] | None] = SimpleQueue()
        threading.Thread(target=_serve, args=(asked,), name="connector-errand", daemon=True).start()
        return asked

    def end(self, value: T) -> None:
        """Answer everybody who waits with this value, and let the threads go."""
        if self._pid != os.getpid():
            return
        for errand in list(self._waiting):
            errand.over = True
            errand.answers.put((value, None))
        while self._idle:
            with contextlib.suppress(IndexError):
                self._idle.pop().put(None)

    def __del__(self) -> None:
        for thread in self._idle:
            thread.put(None)


def _serve(asked: SimpleQueue[Any]) -> None:
    """Do one errand after another; keep hold of none."""
    while (errand := asked.get()) is not None:
        errand.do()
        del errand
