"""Many equal timeouts served by one timer.

A timer for each request would cost a receiver more than checking its signature.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary, ref

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class TimeoutGroup(Generic[T]):
    """Calls `on_timeout` with each item that does not end within `seconds`, in the loop where it began."""

    def __init__(self, seconds: float, on_timeout: Callable[[T], Any]) -> None:
        self._seconds, self._on_timeout = seconds, on_timeout
        self._deadlines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[T, float]] = WeakKeyDictionary()
        self._last_found: tuple[Callable[[], object], dict[T, float]] = _find_no_loop, {}

    def begin(self, item: T) -> None:
        """Start the timeout of an item; call it in a loop, and end the item before it begins again."""
        loop = asyncio.get_running_loop()
        loop_deadlines = self._find_deadlines(loop)
        if loop_deadlines is None:
            loop_deadlines = self._deadlines[loop] = {}
            loop.call_later(self._seconds, self._sweep, loop)
        loop_deadlines[item] = loop.time() + self._seconds

    def end(self, item: T) -> bool:
        """End the timeout of an item; return whether it was in time. The item need not have begun."""
        loop_deadlines = self._find_deadlines(asyncio.get_running_loop())
        return loop_deadlines is not None and loop_deadlines.pop(item, None) is not None

    def _find_deadlines(self, loop: asyncio.AbstractEventLoop) -> dict[T, float] | None:
        """Return the deadlines of a loop: mostly those found last, as looking up a weak key takes longest."""
        get_last_loop, deadlines = self._last_found
        if get_last_loop() is loop:
            return deadlines
        found = self._deadlines.get(loop)
        if found is not None:
            self._last_found = ref(loop), found
        return found

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Time out late items, and schedule the next check for the oldest item left."""
        loop_deadlines, now = self._deadlines[loop], loop.time()
        while loop_deadlines:
            item, deadline = next(iter(loop_deadlines.items()))
            if deadline > now:
                loop.call_at(deadline, self._sweep, loop)
                return
            del loop_deadlines[item]
            self._on_timeout(item)
        del self._deadlines[loop]
        self._last_found = _find_no_loop, {}


def _find_no_loop() -> None:
    """Stand for the weak reference of a loop where none was found yet."""


class SharedTimeout:
    """A context manager as `asyncio.timeout`; a task can be in one block of a group at a time."""

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
    """Return a group for `SharedTimeout` whose blocks may last `seconds`."""
    return TimeoutGroup(seconds, asyncio.Task.cancel)
