"""Locks and events that a forked child can use, whoever held them in the parent.

A fork copies locks as they are, but none of the threads that would release them.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Protocol


class ForkRenewable(Protocol):
    """An object whose locks and threads belong to one process."""

    def renew_after_fork(self) -> None:
        """Replace them in a forked child, which has one thread. Must not take a lock."""


_RENEWABLES: weakref.WeakSet[Any] = weakref.WeakSet()


def register_for_renewal(renewable: ForkRenewable) -> None:
    """Renew an object in every forked child, for as long as it is in use."""
    _RENEWABLES.add(renewable)


def _renew_all() -> None:
    for renewable in list(_RENEWABLES):
        renewable.renew_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)


class ForkSafeLock:
    """A lock for a with block; in a forked child it is open."""

    __slots__ = ("__weakref__", "_is_reentrant", "_lock")

    def __init__(self, *, reentrant: bool = False) -> None:
        self._is_reentrant = reentrant
        self.renew_after_fork()
        register_for_renewal(self)

    def renew_after_fork(self) -> None:
        """Open it."""
        self._lock: Any = threading.RLock() if self._is_reentrant else threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        try:
            self._lock.release()
        except RuntimeError:  # the with block forked, and this is the child
            return


class ForkSafeEvent(threading.Event):
    """An event that keeps its state in a forked child, where nobody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        register_for_renewal(self)

    def renew_after_fork(self) -> None:
        """Replace the inner lock, which a thread that waited may have held."""
        was_set = self.is_set()
        super().__init__()
        if was_set:
            self.set()
