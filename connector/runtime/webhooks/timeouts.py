"""Deadlines of many things that all may take as long, such as the bodies of requests: one timer is theirs together.

A timer for each would cost a receiver more than the signature that it checks.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Deadlines(Generic[T]):
    """Calls `late` with each thing that is not ended so many seconds after it began, in the loop where that was."""

    def __init__(self, seconds: float, late: Callable[[T], Any]) -> None:
        self._seconds, self._late = seconds, late
        self._open: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[T, float]] = WeakKeyDictionary()

    def begin(self, thing: T) -> None:
        """Give a thing its time from now on; to be called in a loop, and ended before it begins anew."""
        loop = asyncio.get_running_loop()
        mine = self._open.get(loop)
        if mine is None:
            mine = self._open[loop] = {}
            loop.call_later(self._seconds, self._look, loop)
        mine[thing] = loop.time() + self._seconds

    def end(self, thing: T) -> bool:
        """Return whether a thing was in time; it need not have begun."""
        mine = self._open.get(asyncio.get_running_loop())
        return mine is not None and mine.pop(thing, None) is not None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is late, and look again when the next one will be: what began first."""
        mine, now = self._open[loop], loop.time()
        while mine:
            thing, until = next(iter(mine.items()))
            if until > now:
                loop.call_at(until, self._look, loop)
                return
            del mine[thing]
            self._late(thing)
        del self._open[loop]


class Within:
    """As `asyncio.timeout`, for one with block of a task, which is in no other block of the same deadlines."""

    def __init__(self, deadlines: Deadlines[asyncio.Task[Any]]) -> None:
        self._deadlines = deadlines

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._deadlines.begin(task)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        in_time = self._deadlines.end(self._task)
        if not in_time and not self._task.uncancel() and kind is asyncio.CancelledError:
            raise TimeoutError


def of_tasks(seconds: float) -> Deadlines[asyncio.Task[Any]]:
    """Return deadlines for `Within`, whose blocks may last so many seconds."""
    return Deadlines(seconds, asyncio.Task.cancel)
