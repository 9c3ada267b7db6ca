"""Connection pool: reuse the connection used last, and serve waiters in order.

It is independent of any HTTP library. An origin is a scheme, host and port.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CONNECTIONS_PER_ORIGIN = 100  # in use and idle
MAX_IDLE_CONNECTIONS = 100  # to all origins
MAX_IDLE_SECONDS = 5.0  # less than most services allow, so that a request seldom meets a closing connection


class PoolClosed(Exception):
    """The client was closed."""


class ReusableConnection(Protocol):
    """A connection, its origin, and the time since which it is idle (`time.monotonic()`)."""

    origin: str
    idle_since: float

    def close(self) -> None:
        """Close it without waiting."""

    def abandon(self) -> None:
        """Drop it without telling the server; another process still uses it."""


class Pool:
    """The connections of one process, or of one event loop."""

    def __init__(self, max_per_origin: int = MAX_CONNECTIONS_PER_ORIGIN) -> None:
        self._max_per_origin = max_per_origin
        self._lock = threading.Lock()
        self._idle: dict[str, list[ReusableConnection]] = {}
        self._idle_count = 0
        self._open_counts: dict[str, int] = defaultdict(int)
        self._waiters: dict[str, deque[Any]] = {}
        self._in_use: set[ReusableConnection] = set()
        self._closed = False

    def acquire(self, origin: str, create_future: Callable[[], Any]) -> tuple[Any, Any]:
        """Return (an idle connection, None), (None, None) to open one, or (None, a future of either).

        Raises PoolClosed.
        """
        with self._lock:
            if self._closed:
                raise PoolClosed
            if idle := self._idle.get(origin):
                connection = idle.pop()
                self._idle_count -= 1
                self._in_use.add(connection)
                return connection, None
            if self._open_counts[origin] < self._max_per_origin:
                self._open_counts[origin] += 1
                expired = self._pop_expired()
            else:
                waiter = create_future()
                self._waiters.setdefault(origin, deque()).append(waiter)
                return None, waiter
        for connection in expired:
            connection.close()
        return None, None

    def register(self, connection: ReusableConnection, replaced: ReusableConnection | None = None) -> None:
        """Add a new connection as in use, perhaps in place of an expired one.

        Raises PoolClosed when the client was closed meanwhile.
        """
        with self._lock:
            if replaced is not None:
                self._in_use.discard(replaced)
            if not self._closed:
                self._in_use.add(connection)
                return
        connection.close()
        raise PoolClosed

    def release(self, connection: ReusableConnection) -> None:
        """Return a reusable connection to the pool."""
        connection.idle_since = time.monotonic()
        with self._lock:
            waiter = self._pop_waiter(connection.origin)
            if waiter is not None:
                waiter.set_result(connection)
                return
            self._in_use.discard(connection)
            if not self._closed and self._idle_count < MAX_IDLE_CONNECTIONS:
                self._idle.setdefault(connection.origin, []).append(connection)
                self._idle_count += 1
                return
        connection.close()
        self.discard(connection.origin)

    def discard(self, origin: str, connection: ReusableConnection | None = None) -> None:
        """Free the slot of a connection that ended or could not be opened."""
        with self._lock:
            if connection is not None:
                self._in_use.discard(connection)
            waiter = self._pop_waiter(origin)
            if waiter is not None:
                waiter.set_result(None)
            else:
                self._open_counts[origin] -= 1

    def cancel_wait(self, origin: str, waiter: Any) -> None:
        """Stop waiting; pass on a connection that was assigned meanwhile."""
        with self._lock:
            if not waiter.done() or waiter.cancelled():
                if waiter in self._waiters.get(origin, ()):
                    self._waiters[origin].remove(waiter)
                return
        if waiter.exception() is None:
            connection = waiter.result()
            if connection is None:
                self.discard(origin)
            else:
                self.release(connection)

    def close(self) -> None:
        """Close every connection, in use or idle; waiters get PoolClosed."""
        with self._lock:
            self._closed = True
            connections = [*self._in_use, *(connection for idle in self._idle.values() for connection in idle)]
            waiters = [waiter for queue in self._waiters.values() for waiter in queue if not waiter.done()]
            self._idle, self._waiters, self._idle_count = {}, {}, 0
        for waiter in waiters:
            waiter.set_exception(PoolClosed())
        for connection in connections:
            connection.close()

    def abandon(self) -> None:
        """Drop all connections in a forked child. Takes no lock, because the parent may have held it."""
        for connection in (*self._in_use, *(connection for idle in self._idle.values() for connection in idle)):
            connection.abandon()

    def _pop_waiter(self, origin: str) -> Any:
        """Return the longest waiter, or None."""
        queue = self._waiters.get(origin)
        while queue:
            waiter = queue.popleft()
            if not waiter.done():
                return waiter
        return None

    def _pop_expired(self) -> list[ReusableConnection]:
        """Remove and return the connections that were idle for too long."""
        idle_cutoff = time.monotonic() - MAX_IDLE_SECONDS
        expired: list[ReusableConnection] = []
        for origin, idle in self._idle.items():
            count = next(
                (index for index, connection in enumerate(idle) if connection.idle_since >= idle_cutoff), len(idle)
            )
            if count:
                expired += idle[:count]
                self._open_counts[origin] -= count
                self._idle[origin] = idle[count:]
        self._idle_count -= len(expired)
        return expired
