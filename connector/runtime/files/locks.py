"""Locks among the threads of a process, and what a forked child must know of those that its parent holds."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from connector.runtime.storage.store import busy, process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Held:
    """The descriptors whose closing frees a lock.

    A forked child has copies of them, and would keep a dead parent's locks: in the child each becomes /dev/null.
    """

    def __init__(self) -> None:
        self._gate = threading.RLock()
        self._opened: dict[int, tuple[int, int]] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._gate.acquire, after_in_parent=self._gate.release, after_in_child=self._abandon
            )

    def take(self, opener: Callable[[], int]) -> int:
        """Open a descriptor, with no fork in between, and watch over it; -1 is none."""
        with self._gate:
            handle = opener()
            if handle >= 0:
                self._opened[handle] = _identity(handle)
            return handle

    def drop(self, handle: int) -> None:
        """Watch over a descriptor no longer: its owner closes it."""
        self._opened.pop(handle, None)

    def _abandon(self) -> None:
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            for handle, identity in self._opened.items():
                with contextlib.suppress(OSError):
                    if _identity(handle) == identity:  # a library may have closed it, and the number be another's
                        os.dup2(nothing, handle, inheritable=False)
            os.close(nothing)
        finally:
            self._opened.clear()
            self._gate.release()


def _identity(handle: int) -> tuple[int, int]:
    found = os.fstat(handle)
    return found.st_dev, found.st_ino


HELD = Held()


class ThreadLocks:
    """One lock a key among the threads of this process; a forked child begins with none held."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._of_process: dict[int, dict[str, threading.Lock]] = {}

    @contextlib.contextmanager
    def hold(self, key: str, timeout: float) -> Iterator[None]:
        """Hold a key for the time of a with block. Raises StoreError after `timeout` seconds."""
        lock = self._of_process.setdefault(os.getpid(), {}).setdefault(key, threading.Lock())
        if not lock.acquire(timeout=min(max(timeout, 0.0), threading.TIMEOUT_MAX)):
            raise busy(self._where, key, timeout, process(os.getpid()))
        try:
            yield
        finally:
            lock.release()
