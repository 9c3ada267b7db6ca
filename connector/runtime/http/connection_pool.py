"""Connection pool: reuse the connection used last, and serve waiters in order.

It is independent of any HTTP library. An origin is a scheme, host and port.
"""

from __future__ import annotations

import time
import weakref
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Protocol

from connector.runtime.http.idle_connections import MAX_IDLE_SECONDS, THREAD_IDLE_CONNECTIONS
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.runtime.http.idle_connections import IdleConnections, IdlePool

MAX_CONNECTIONS_PER_ORIGIN = 100  # in use and idle


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
    """The connections of one client, in one process or one event loop."""

    def __init__(
        self,
        max_per_origin: int = MAX_CONNECTIONS_PER_ORIGIN,
        idle_connections: IdleConnections = THREAD_IDLE_CONNECTIONS,
    ) -> None:
        self._max_per_origin = max_per_origin
        self.idle_connections = idle_connections
        self._ref = weakref.ref(self)
        self._lock = ForkSafeLock()
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
                self._count_idle(-1)
                self._in_use.add(connection)
                return connection, None
            if self._open_counts[origin] < self._max_per_origin:
                self._open_counts[origin] += 1
                return None, None
            waiter = create_future()
            self._waiters.setdefault(origin, deque()).append(waiter)
            return None, waiter

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
            is_kept = not self._closed
            if is_kept:
                self._idle.setdefault(connection.origin, []).append(connection)
            crowded_pool = self._count_idle(1) if is_kept else None
        if crowded_pool is not None:
            crowded_pool.close_oldest()
        if not is_kept:
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
            self._idle, self._waiters = {}, {}
            self._count_idle(-self._idle_count)
        for waiter in waiters:
            waiter.set_exception(PoolClosed())
        for connection in connections:
            connection.close()

    def abandon(self) -> None:
        """Drop all connections in a forked child. Takes no lock, because the parent may have held it."""
        self.abandon_idle()
        for connection in self._in_use:
            connection.abandon()

    def abandon_idle(self) -> None:
        """Drop the idle connections in a forked child."""
        for connection in [connection for idle in self._idle.values() for connection in idle]:
            connection.abandon()
        self._idle, self._idle_count = {}, 0

    def _pop_waiter(self, origin: str) -> Any:
        """Return the longest waiter, or None."""
        queue = self._waiters.get(origin)
        while queue:
            waiter = queue.popleft()
            if not waiter.done():
                return waiter
        return None

    def close_expired(self) -> None:
        """Close the connections that were idle for too long."""
        self._close_idle_since(time.monotonic() - MAX_IDLE_SECONDS)

    def close_oldest(self) -> None:
        """Close the connection that was idle longest."""
        with self._lock:
            oldest = min((idle[0].idle_since for idle in self._idle.values() if idle), default=None)
        if oldest is not None:
            self._close_idle_since(oldest)

    def _close_idle_since(self, cutoff: float) -> None:
        """Close what is idle since `cutoff` or longer; of each origin, the first is idle longest."""
        expired: list[ReusableConnection] = []
        with self._lock:
            for origin, idle in list(self._idle.items()):
                count = next(
                    (index for index, connection in enumerate(idle) if connection.idle_since > cutoff), len(idle)
                )
                expired += idle[:count]
                self._open_counts[origin] -= count
                self._idle[origin] = idle[count:]
            self._idle = {origin: idle for origin, idle in self._idle.items() if idle}
            self._count_idle(-len(expired))
        for connection in expired:
            connection.close()

    def _count_idle(self, change: int) -> IdlePool | None:
        """Count idle connections, under the lock; return the pool that has to close one, which this may be."""
        self._idle_count += change
        return self.idle_connections.record(self._ref, self._idle_count)
