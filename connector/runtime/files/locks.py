"""Locks between threads and between processes, which end with their holder."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.files import private_files
from connector.runtime.files.key_names import encode_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connector.runtime.clock import Clock

POLL_SECONDS = 0.02  # between two tries for a lock that another process holds


class InheritedLockGuard:
    """Registers the descriptors that hold locks, so that a forked child drops its copies.

    Otherwise the child would keep the locks of a dead parent. In the child each becomes /dev/null.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._identities: dict[int, tuple[int, int]] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._release_in_child
            )

    def register(self, open_descriptor: Callable[[], int]) -> int:
        """Open and register a descriptor, with no fork in between; -1 is none."""
        with self._lock:
            descriptor = open_descriptor()
            if descriptor >= 0:
                self._identities[descriptor] = _read_identity(descriptor)
            return descriptor

    def unregister(self, descriptor: int) -> None:
        """Remove a descriptor, which its owner closes."""
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
    """One lock per key between the threads of this process; a forked child starts with none held."""

    def __init__(self, store_name: str) -> None:
        self._store_name = store_name
        self._locks_by_pid: dict[int, dict[str, threading.Lock]] = {}

    @contextlib.contextmanager
    def hold(self, key: str, timeout: float) -> Iterator[None]:
        """Hold a key in a with block. Raises StoreError after `timeout` seconds."""
        lock = self._locks_by_pid.setdefault(os.getpid(), {}).setdefault(key, threading.Lock())
        if not lock.acquire(timeout=min(max(timeout, 0.0), threading.TIMEOUT_MAX)):
            raise build_lock_timeout_error(self._store_name, key, timeout, describe_process(os.getpid()))
        try:
            yield
        finally:
            lock.release()


def build_lock_timeout_error(store_name: str, key: str, timeout: float, holder: str) -> StoreError:
    """Return the error of a lock that was not acquired in time; `holder` may be empty."""
    reason = f"is locked by {holder or 'another process'} and was not released within {timeout:g} s"
    return StoreError(
        f"{key!r} in {store_name} {reason}. Nothing was changed.",
        hint="Try again. If that process hangs, end it; its lock ends with it.",
        path=store_name,
        retryable=True,
    )


def describe_process(pid: int, host: str = "") -> str:
    """Return the name of a process for a message."""
    if host:
        return f"process {pid} on {host}"
    return f"process {pid}" + (" (this one)" if pid == os.getpid() else "")


class FileLocks:
    """One lock file per key in a folder; the system releases it when its holder ends, even by kill -9.

    The file stays; while it is locked it contains the holder's pid. Its suffix is the lock's purpose.
    """

    def __init__(self, folder: Path, store_name: str, clock: Clock | None = None) -> None:
        self._folder = folder
        self._store_name = store_name
        self._clock = clock or SystemClock()

    @contextlib.contextmanager
    def hold(self, key: str, timeout: float, purpose: str = "lock", *, name: str = "") -> Iterator[None]:
        """Hold a key in a with block; `name` is its file name where the key is not known.

        Raises StoreError after `timeout` seconds.
        """
        private_files.make_folder(self._folder)
        path = self._folder / f"{name or encode_key(key)}.{purpose}"
        pid = os.getpid()
        descriptor = self._open_file(path)
        locked = False
        try:
            self._acquire(descriptor, path, key, timeout)
            locked = True
            _write_holder(descriptor)
            yield
        finally:
            if os.getpid() == pid:  # a child that was forked meanwhile must not release its parent's lock
                _release(descriptor, locked=locked)

    def _open_file(self, path: Path) -> int:
        try:
            return LOCK_DESCRIPTORS.register(lambda: private_files.open_private(path))
        except OSError as error:
            raise private_files.build_store_error(error, path) from error

    def _acquire(self, descriptor: int, path: Path, key: str, timeout: float) -> None:
        import filelock

        deadline = self._clock.monotonic() + timeout
        try:
            while not filelock.lock_descriptor(descriptor, blocking=False):
                remaining = deadline - self._clock.monotonic()
                if remaining <= 0:
                    raise build_lock_timeout_error(self._store_name, key, timeout, _read_holder(descriptor))
                self._clock.wait_or_stop(min(POLL_SECONDS, remaining), threading.Event())
        except OSError as error:
            raise StoreError(
                f"{path}: this file system cannot lock files ({error.strerror}). Nothing is written without a lock.",
                hint="Move the store to a local disk, or use a database: sqlite:///PATH or postgresql://.",
                path=str(path),
            ) from error


def _write_holder(descriptor: int) -> None:
    """Write this process's pid into a lock file; a full disk must not undo the lock."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, f"{os.getpid()}\n".encode())


def _release(descriptor: int, *, locked: bool) -> None:
    import filelock

    with contextlib.suppress(OSError):  # closing releases it anyway
        if locked:
            os.ftruncate(descriptor, 0)
            filelock.unlock_descriptor(descriptor)
    LOCK_DESCRIPTORS.unregister(descriptor)
    os.close(descriptor)


def _read_holder(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, 32).decode("ascii", "replace").strip()
    except OSError:  # Windows does not let others read locked bytes
        return ""
    return describe_process(int(text)) if text.isdecimal() else ""
