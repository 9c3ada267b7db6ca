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


class TimeoutGroup(Generic[T]):
    """Calls `late` with each thing that is not ended so many seconds after it began, in the loop where that was."""

    def __init__(self, seconds: float, on_timeout: Callable[[T], Any]) -> None:
        self._seconds, self._on_timeout = seconds, on_timeout
        self._deadlines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[T, float]] = WeakKeyDictionary()

    def begin(self, item: T) -> None:
        """Give a thing its time from now on; to be called in a loop, and ended before it begins anew."""
        loop = asyncio.get_running_loop()
        loop_deadlines = self._deadlines.get(loop)
        if loop_deadlines is None:
            loop_deadlines = self._deadlines[loop] = {}
            loop.call_later(self._seconds, self._sweep, loop)
        loop_deadlines[item] = loop.time() + self._seconds

    def end(self, item: T) -> bool:
        """Return whether a thing was in time; it need not have begun."""
        loop_deadlines = self._deadlines.get(asyncio.get_running_loop())
        return loop_deadlines is not None and loop_deadlines.pop(item, None) is not None

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is late, and look again when the next one will be: what began first."""
        loop_deadlines, now = self._deadlines[loop], loop.time()
        while loop_deadlines:
            item, deadline = next(iter(loop_deadlines.items()))
            if deadline > now:
                loop.call_at(deadline, self._sweep, loop)
                return
            del loop_deadlines[item]
            self._on_timeout(item)
        del self._deadlines[loop]


class SharedTimeout:
    """As `asyncio.timeout`, for one with block of a task, which is in no other block of the same deadlines."""

    def __init__(self, timeouts: TimeoutGroup[asyncio.Task[Any]]) -> None:
        self._timeouts = timeouts

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timeouts.begin(task)

    def __exit__(self, error_class: type[BaseException] | None, *_: object) -> None:
        in_time = self._timeouts.end(self._task)
        if not in_time and not self._task.uncancel() and error_class is asyncio.CancelledError:
            raise TimeoutError


def task_timeouts(seconds: float) -> TimeoutGroup[asyncio.Task[Any]]:
    """Return deadlines for `Within`, whose blocks may last so many seconds."""
    return TimeoutGroup(seconds, asyncio.Task.cancel)
