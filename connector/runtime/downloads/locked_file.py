"""A private file that one process holds by a lock of the operating system."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Self

import filelock

from connector.runtime.files import private_files
from connector.runtime.files.locks import LOCK_DESCRIPTORS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_READ_CHUNK_BYTES = 1 << 20


class LockedFile:
    """An open file that no other process can open so; methods raise OSError."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Open or create a file and lock it; return None if another process holds it."""
        while True:
            file = cls(path, LOCK_DESCRIPTORS.register(lambda: private_files.open_private(path)))
            try:
                is_locked = filelock.lock_descriptor(file._handle, blocking=False)
                if is_locked and file._is_at_path():
                    if not file._has_other_name():
                        return file
                    path.unlink()  # a process that ended as it gave the complete file its name; that one stays
            except OSError:
                file.close()
                raise
            file.close()
            if not is_locked:
                return None

    def _is_at_path(self) -> bool:
        """Whether the path still names this file, which may have been renamed before it was locked."""
        opened_stat = os.fstat(self._handle)
        with contextlib.suppress(FileNotFoundError):
            path_stat = self.path.lstat()
            return (path_stat.st_ino, path_stat.st_dev) == (opened_stat.st_ino, opened_stat.st_dev)
        return False

    def _has_other_name(self) -> bool:
        return os.fstat(self._handle).st_nlink > 1

    @property
    def size(self) -> int:
        """The size in bytes."""
        return os.fstat(self._handle).st_size

    def truncate(self, size: int = 0) -> None:
        """Cut the file to a size, and go to its beginning."""
        os.ftruncate(self._handle, size)
        os.lseek(self._handle, 0, os.SEEK_SET)

    def read_chunks(self) -> Iterator[bytes]:
        """Yield what follows the current position, to the end."""
        return iter(lambda: os.read(self._handle, _READ_CHUNK_BYTES), b"")

    def read_start(self, size: int) -> bytes:
        """Return up to `size` bytes from the beginning; the next write is at the end."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        start = os.read(self._handle, size)
        os.lseek(self._handle, 0, os.SEEK_END)
        return start

    def write(self, data: memoryview) -> int:
        """Write once; return how many bytes were written."""
        return os.write(self._handle, data)

    def sync(self) -> None:
        """Flush the file to the disk."""
        os.fsync(self._handle)

    def copy_mode(self, target: Path) -> None:
        """Take over the permissions of a file that this one is to replace, where there is one."""
        if target.is_file() and hasattr(os, "fchmod"):
            os.fchmod(self._handle, target.stat().st_mode & 0o777)

    def close(self) -> None:
        """Release the lock and close the file."""
        LOCK_DESCRIPTORS.unregister(self._handle)
        os.close(self._handle)
