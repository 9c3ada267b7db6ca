"""Locks among the threads of a process, and what a forked child must know of those that its parent holds."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from connector.runtime.storage.store import build_lock_timeout_error, describe_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class InheritedLockGuard:
    """The descriptors whose closing frees a lock.

    A forked child has copies of them, and would keep a dead parent's locks: in the child each becomes /dev/null.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._identities: dict[int, tuple[int, int]] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._release_in_child
            )

    def register(self, open_descriptor: Callable[[], int]) -> int:
        """Open a descriptor, with no fork in between, and watch over it; -1 is none."""
        with self._lock:
            descriptor = open_descriptor()
            if descriptor >= 0:
                self._identities[descriptor] = _read_identity(descriptor)
            return descriptor

    def unregister(self, descriptor: int) -> None:
        """Watch over a descriptor no longer: its owner closes it."""
        self._identities.pop(descriptor, None)

    def _release_in_child(self) -> None:
        try:
            devnull = os.open(os.devnull, os.O_RDWR)
            for descriptor, identity in self._identities.items():
                with contextlib.suppress(OSError):
                    if (
                        _read_identity(descriptor) == identity
                    ):  # a library may have closed it, and the number be another's
                        os.dup2(devnull, descriptor, inheritable=False)
            os.close(devnull)
        finally:
            self._identities.clear()
            self._lock.release()


def _read_identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


LOCK_DESCRIPTORS = InheritedLockGuard()


class ThreadLocks:
    """One lock a key among the threads of this process; a forked child begins with none held."""

    def __init__(self, store_name: str) -> None:
        self._store_name = store_name
        self._locks_by_pid: dict[int, dict[str, threading.Lock]] = {}

    @contextlib.contextmanager
    def hold(self, key: str, timeout: float) -> Iterator[None]:
        """Hold a key for the time of a with block. Raises StoreError after `timeout` seconds."""
        lock = self._locks_by_pid.setdefault(os.getpid(), {}).setdefault(key, threading.Lock())
        if not lock.acquire(timeout=min(max(timeout, 0.0), threading.TIMEOUT_MAX)):
            raise build_lock_timeout_error(self._store_name, key, timeout, describe_process(os.getpid()))
        try:
            yield
        finally:
            lock.release()
