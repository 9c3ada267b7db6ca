"""Locks among the processes of a machine: files that the system frees when their holder ends."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

import filelock

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.files import private_files as private
from connector.runtime.files.locks import HELD
from connector.runtime.storage import record_codec as record
from connector.runtime.storage.store import busy, process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.runtime.clock import Clock

POLL = 0.02  # seconds between two tries for a lock that another process holds


class FileLocks:
    """One lock file a key in a folder; the system frees it when its holder ends, however that happens.

    The file stays, with the holder's pid in it while it is held; its purpose is part of its name.
    """

    def __init__(self, folder: Path, where: str, clock: Clock | None = None) -> None:
        self._folder = folder
        self._where = where
        self._clock = clock or SystemClock()

    @contextlib.contextmanager
    def hold(self, key: str, timeout: float, purpose: str = "lock", *, name: str = "") -> Iterator[None]:
        """Hold a key for the time of a with block; `name` where only its name is known.

        Raises StoreError after `timeout` seconds.
        """
        private.make_folder(self._folder)
        path = self._folder / f"{name or record.name(key)}.{purpose}"
        pid = os.getpid()
        handle = self._open(path)
        locked = False
        try:
            self._wait(handle, path, key, timeout)
            locked = True
            _mark(handle)
            yield
        finally:
            if os.getpid() == pid:  # in a child that was forked meanwhile the lock is the parent's
                _close(handle, locked=locked)

    def _open(self, path: Path) -> int:
        try:
            return HELD.take(lambda: private.open_own(path))
        except OSError as error:
            raise private.failure(error, path) from error

    def _wait(self, handle: int, path: Path, key: str, timeout: float) -> None:
        until = self._clock.monotonic() + timeout
        try:
            while not filelock.lock_descriptor(handle, blocking=False):
                left = until - self._clock.monotonic()
                if left <= 0:
                    raise busy(self._where, key, timeout, _holder(handle))
                self._clock.wait(min(POLL, left), threading.Event())
        except OSError as error:
            raise StoreError(
                f"{path}: this file system cannot lock ({error.strerror}). Nothing is written without a lock.",
                hint="Put the store on a local disk, or use a database: sqlite:///PATH or postgresql://.",
                path=str(path),
            ) from error


def _mark(handle: int) -> None:
    """Write who holds a lock into its file; a full disk must not undo the lock."""
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"{os.getpid()}\n".encode())


def _close(handle: int, *, locked: bool) -> None:
    with contextlib.suppress(OSError):  # closing frees it in any case
        if locked:
            os.ftruncate(handle, 0)
            filelock.unlock_descriptor(handle)
    HELD.drop(handle)
    os.close(handle)


def _holder(handle: int) -> str:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        text = os.read(handle, 32).decode("ascii", "replace").strip()
    except OSError:  # Windows shows nobody the bytes that are locked
        return ""
    return process(int(text)) if text.isdecimal() else ""
