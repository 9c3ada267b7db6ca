"""Who gets which connection: the one used last is used next, and who waits is served in turn.

It knows no library and no network. A place is a scheme, host and port.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 100  # connections to one place, in use and idle
MOST_IDLE = 100  # to all places
IDLE_SECONDS = 5.0  # services close theirs later than that, so that a request seldom meets a closing one


class Closed(Exception):
    """The client was closed."""


class Line(Protocol):
    """A connection: the place it leads to, and since when it is idle."""

    place: str
    since: float

    def close(self) -> None:
        """End it; never waits."""

    def abandon(self) -> None:
        """Let go of it without a word to the other side, whose connection it still is in another process."""


class Pool:
    """The connections of one process (threads), or of one event loop (tasks)."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._idle: dict[str, list[Line]] = {}
        self._resting = 0  # how many are idle
        self._open: dict[str, int] = defaultdict(int)
        self._waiting: dict[str, deque[Any]] = {}
        self._used: set[Line] = set()
        self._closed = False

    def take(self, place: str, future: Callable[[], Any]) -> tuple[Any, Any]:
        """Return an idle connection; or nothing, for who may open one; or else a future of either, as second.

        Raises Closed.
        """
        with self._lock:
            if self._closed:
                raise Closed
            if idle := self._idle.get(place):
                line = idle.pop()
                self._resting -= 1
                self._used.add(line)
                return line, None
            if self._open[place] < self._most:
                self._open[place] += 1
                old = self._outworn()
            else:
                waiting = future()
                self._waiting.setdefault(place, deque()).append(waiting)
                return None, waiting
        for line in old:
            line.close()
        return None, None

    def opened(self, line: Line, old: Line | None = None) -> None:
        """Count a connection that was opened as in use, in place of an old one that was no longer good.

        Raises Closed when the client was closed meanwhile.
        """
        with self._lock:
            if old is not None:
                self._used.discard(old)
            if not self._closed:
                self._used.add(line)
                return
        line.close()
        raise Closed

    def give(self, line: Line) -> None:
        """Take back a connection that may be used again."""
        line.since = time.monotonic()
        with self._lock:
            waiting = self._first(line.place)
            if waiting is not None:
                waiting.set_result(line)
                return
            self._used.discard(line)
            if not self._closed and self._resting < MOST_IDLE:
                self._idle.setdefault(line.place, []).append(line)
                self._resting += 1
                return
        line.close()
        self.drop(line.place)

    def drop(self, place: str, line: Line | None = None) -> None:
        """Let somebody open another in place of a connection that is gone, or that never was."""
        with self._lock:
            if line is not None:
                self._used.discard(line)
            waiting = self._first(place)
            if waiting is not None:
                waiting.set_result(None)
            else:
                self._open[place] -= 1

    def leave(self, place: str, waiting: Any) -> None:
        """Wait no longer; what came at the last moment goes to the next."""
        with self._lock:
            if not waiting.done() or waiting.cancelled():
                if waiting in self._waiting.get(place, ()):
                    self._waiting[place].remove(waiting)
                return
        if waiting.exception() is None:
            line = waiting.result()
            if line is None:
                self.drop(place)
            else:
                self.give(line)

    def close(self) -> None:
        """Close every connection, in use or not; who waits for one meets Closed."""
        with self._lock:
            self._closed = True
            lines = [*self._used, *(line for idle in self._idle.values() for line in idle)]
            waiting = [one for queue in self._waiting.values() for one in queue if not one.done()]
            self._idle, self._waiting, self._resting = {}, {}, 0
        for one in waiting:
            one.set_exception(Closed())
        for line in lines:
            line.close()

    def abandon(self) -> None:
        """Forget every connection, in a child of a fork: they are its parent's. Takes no lock, which may be held."""
        for line in (*self._used, *(line for idle in self._idle.values() for line in idle)):
            line.abandon()

    def _first(self, place: str) -> Any:
        """Return who has waited longest and still does; None when nobody does."""
        queue = self._waiting.get(place)
        while queue:
            one = queue.popleft()
            if not one.done():
                return one
        return None

    def _outworn(self) -> list[Line]:
        """Take out the connections that were idle for too long."""
        before = time.monotonic() - IDLE_SECONDS
        old: list[Line] = []
        for place, idle in self._idle.items():
            count = next((n for n, line in enumerate(idle) if line.since >= before), len(idle))
            if count:
                old += idle[:count]
                self._open[place] -= count
                self._idle[place] = idle[count:]
        self._resting -= len(old)
        return old
