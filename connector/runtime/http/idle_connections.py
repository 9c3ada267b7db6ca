"""The idle connections of all clients of a process, or of an event loop: few, and closed by time.

Each client has its own pool, so that none waits for another. What is idle in them all is counted here, because a
program may have a client for each of its tenants.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from connector.runtime.process.fork_safety import ForkSafeLock, register_for_renewal

if TYPE_CHECKING:
    import asyncio

MAX_IDLE_CONNECTIONS = 200  # of all pools of a process, or of an event loop
MAX_IDLE_SECONDS = 5.0  # less than most services allow, so that a request seldom meets a closing connection
SWEEP_INTERVAL = 0.5  # seconds between two looks while a connection is idle


class IdlePool(Protocol):
    """A pool that has idle connections."""

    def close_expired(self) -> None:
        """Close those that were idle for too long."""

    def close_oldest(self) -> None:
        """Close the one that was idle longest."""

    def abandon_idle(self) -> None:
        """Drop all of them in a forked child, without taking a lock."""


class IdleConnections:
    """The pools with idle connections, the one used last at the end; swept while there are any.

    Without a loop a daemon thread sweeps, which ends when nothing is idle. It holds no pool, so that a client without
    references is freed with its connections.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = None if loop is None else weakref.ref(loop)
        self._lock = ForkSafeLock()
        self._reset()
        register_for_renewal(self)

    def _reset(self) -> None:
        self._counts: dict[weakref.ref[Any], int] = {}
        self._total = 0
        self._is_sweeping = False

    def renew_after_fork(self) -> None:
        """Drop the parent's connections in a forked child; those of a loop belong to the parent's loop."""
        pools = [pool_ref() for pool_ref in list(self._counts)] if self._loop is None else []
        self._reset()
        for pool in pools:
            if pool is not None:
                pool.abandon_idle()

    def record(self, pool_ref: weakref.ref[Any], count: int) -> IdlePool | None:
        """Record how many connections of a pool are idle; return the pool that has to close one: there are too many."""
        with self._lock:
            self._total += count - self._counts.pop(pool_ref, 0)
            if count:
                self._counts[pool_ref] = count
            crowded_pool = self._find_crowded_pool() if self._total > MAX_IDLE_CONNECTIONS else None
            must_start = bool(count) and not self._is_sweeping
            self._is_sweeping = self._is_sweeping or must_start
        if must_start:
            self._start_sweeping()
        return crowded_pool

    def _find_crowded_pool(self) -> IdlePool | None:
        """Return the pool used longest ago, if there are too many; forget those that were dropped without a close."""
        while self._total > MAX_IDLE_CONNECTIONS:
            pool_ref = next(iter(self._counts))
            pool: IdlePool | None = pool_ref()
            if pool is not None:
                return pool
            self._total -= self._counts.pop(pool_ref)
        return None

    def _start_sweeping(self) -> None:
        if self._loop is not None:
            loop = self._loop()
            if loop is not None and not loop.is_closed():
                loop.call_later(SWEEP_INTERVAL, self._sweep_in_loop)
            return
        try:
            threading.Thread(target=self._sweep_until_empty, name="connector-idle", daemon=True).start()
        except RuntimeError:  # no thread can be started now, as when the process ends
            self._is_sweeping = False

    def _sweep_in_loop(self) -> None:
        if self._sweep():
            self._start_sweeping()

    def _sweep_until_empty(self) -> None:
        while True:
            time.sleep(SWEEP_INTERVAL)
            if not self._sweep():
                return

    def _sweep(self) -> bool:
        """Close what expired; return whether anything is idle still."""
        for pool_ref in list(self._counts):
            pool = pool_ref()
            if pool is None:
                self.record(pool_ref, 0)
            else:
                with contextlib.suppress(Exception):  # a connection that cannot be closed must not keep the others
                    pool.close_expired()
        with self._lock:
            self._is_sweeping = bool(self._counts)
            return self._is_sweeping


THREAD_IDLE_CONNECTIONS = IdleConnections()  # of all threads of this process
_BY_LOOP: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, IdleConnections] = weakref.WeakKeyDictionary()


def get_idle_connections(loop: asyncio.AbstractEventLoop) -> IdleConnections:
    """Return those of an event loop, which alone may close them."""
    existing = _BY_LOOP.get(loop)
    return existing or _BY_LOOP.setdefault(loop, IdleConnections(loop))
