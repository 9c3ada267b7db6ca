"""Locks among the processes of a machine: files that the system frees when their holder ends."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

import filelock

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.files import private_files
from connector.runtime.files.locks import LOCK_DESCRIPTORS
from connector.runtime.storage import record_codec
from connector.runtime.storage.store import build_lock_timeout_error, describe_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.runtime.clock import Clock

POLL_SECONDS = 0.02  # seconds between two tries for a lock that another process holds


class FileLocks:
    """One lock file a key in a folder; the system frees it when its holder ends, however that happens.

    The file stays, with the holder's pid in it while it is held; its purpose is part of its name.
    """

    def __init__(self, folder: Path, store_name: str, clock: Clock | None = None) -> None:
        self._folder = folder
        self._store_name = store_name
        self._clock = clock or SystemClock()

    @contextlib.contextmanager
    def hold(self, key: str, timeout: float, purpose: str = "lock", *, name: str = "") -> Iterator[None]:
        """Hold a key for the time of a with block; `name` where only its name is known.

        Raises StoreError after `timeout` seconds.
        """
        private_files.make_folder(self._folder)
        path = self._folder / f"{name or record_codec.encode_key(key)}.{purpose}"
        pid = os.getpid()
        descriptor = self._open_file(path)
        locked = False
        try:
            self._acquire(descriptor, path, key, timeout)
            locked = True
            _write_holder(descriptor)
            yield
        finally:
            if os.getpid() == pid:  # in a child that was forked meanwhile the lock is the parent's
                _release(descriptor, locked=locked)

    def _open_file(self, path: Path) -> int:
        try:
            return LOCK_DESCRIPTORS.register(lambda: private_files.open_private(path))
        except OSError as error:
            raise private_files.build_store_error(error, path) from error

    def _acquire(self, descriptor: int, path: Path, key: str, timeout: float) -> None:
        deadline = self._clock.monotonic() + timeout
        try:
            while not filelock.lock_descriptor(descriptor, blocking=False):
                remaining = deadline - self._clock.monotonic()
                if remaining <= 0:
                    raise build_lock_timeout_error(self._store_name, key, timeout, _read_holder(descriptor))
                self._clock.wait_or_stop(min(POLL_SECONDS, remaining), threading.Event())
        except OSError as error:
            raise StoreError(
                f"{path}: this file system cannot lock ({error.strerror}). Nothing is written without a lock.",
                hint="Put the store on a local disk, or use a database: sqlite:///PATH or postgresql://.",
                path=str(path),
            ) from error


def _write_holder(descriptor: int) -> None:
    """Write who holds a lock into its file; a full disk must not undo the lock."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, f"{os.getpid()}\n".encode())


def _release(descriptor: int, *, locked: bool) -> None:
    with contextlib.suppress(OSError):  # closing frees it in any case
        if locked:
            os.ftruncate(descriptor, 0)
            filelock.unlock_descriptor(descriptor)
    LOCK_DESCRIPTORS.unregister(descriptor)
    os.close(descriptor)


def _read_holder(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, 32).decode("ascii", "replace").strip()
    except OSError:  # Windows shows nobody the bytes that are locked
        return ""
    return describe_process(int(text)) if text.isdecimal() else ""
