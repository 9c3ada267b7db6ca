"""The user's folders of what was worked out before: entries of bytes, each under a digest of what it was made of.

A folder is a convenience, never a truth. An entry that is damaged, that belongs under another digest, or that another
user could have written, is as if it were not there; where nothing can be written, nothing is kept. An entry is moved to
its place whole.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from connector._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFINITIONS, FINDINGS = "definitions", "findings"
_MOST_ENTRIES = {DEFINITIONS: 4000, FINDINGS: 20}  # of each folder; beyond it the oldest half goes
_DIGEST_LENGTH = 64
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_BLOCK = getattr(os, "O_NONBLOCK", 0)  # opening a pipe must not block


def compute_digest(kind: str, *parts: bytes) -> str:
    """Return the name of an entry of a kind that is made of these parts, by this version of the package."""
    digest = hashlib.sha256(f"{kind} {_describe_package()}".encode())
    for part in parts:
        digest.update(b" %d:%b" % (len(part), part))
    return digest.hexdigest()


def read_entry(digest: str, name: str = DEFINITIONS) -> bytes | None:
    """Return what is kept under a digest in the folder of a name, or None."""
    with suppress(OSError):
        folder = _find_folder(name)
        if folder is not None and _is_own(folder.lstat()):
            content = _read_own(folder / digest)
            checksum, entry = content[:_DIGEST_LENGTH], content[_DIGEST_LENGTH:]
            return entry if checksum == _compute_checksum(digest, entry) else None
    return None


def keep_entry(digest: str, entry: bytes, name: str = DEFINITIONS) -> None:
    """Keep something under a digest in the folder of a name, if that is possible."""
    folder = _find_folder(name)
    if folder is None:
        return
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_own(folder.lstat()):
            _remove_oldest(folder)
            _write_own(folder / digest, _compute_checksum(digest, entry) + entry)


@cache
def _find_folder(name: str) -> Path | None:
    """Return a folder, which may not exist; None where a user has none."""
    from platformdirs import user_cache_path

    with suppress(OSError, RuntimeError):
        return user_cache_path("connector", appauthor=False) / name
    return None


@cache
def _describe_package() -> str:
    """Return the version of the package, and of its modules of definitions, which an author of the package changes."""
    try:
        changed = [f"{one.st_mtime_ns}:{one.st_size}" for one in _iter_stats(Path(__file__).parents[1])]
    except OSError:
        changed = []  # in a file of modules, which is as its version
    return " ".join((__version__, *changed))


def _iter_stats(folder: str | Path) -> Iterator[os.stat_result]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.endswith(".py"):
                yield entry.stat()
            elif entry.is_dir() and not entry.name.startswith("__"):
                yield from _iter_stats(entry.path)


def _compute_checksum(digest: str, entry: bytes) -> bytes:
    """Return the checksum of an entry under its digest; under another one it is damaged."""
    return hashlib.sha256(digest.encode() + entry).hexdigest().encode()


def _is_own(status: os.stat_result) -> bool:
    """Whether a file or folder is of this user, and no other may write it."""
    if not hasattr(os, "geteuid"):  # Windows has no such owners and modes
        return True
    is_plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    return is_plain and status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE


def _read_own(path: Path) -> bytes:
    """Return the content of a file of this user; empty for one that others may write."""
    with open(path, "rb", opener=_open_private) as file:
        return file.read() if _is_own(os.fstat(file.fileno())) else b""


def _write_own(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all. It need not survive a loss of power: its checksum tells whether it did."""
    new = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")  # a name that no killed process has left
    try:
        with open(new, "xb", opener=_open_private) as file:
            file.write(content)
        new.replace(path)
    except BaseException:  # such as Ctrl-C
        with suppress(OSError):
            new.unlink()
        raise


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | _NO_FOLLOW | _NO_BLOCK, 0o600)


@cache
def _remove_oldest(folder: Path) -> None:
    """Remove the oldest entries where there are many; once in a process, and in one process of many at once."""
    with os.scandir(folder) as entries:
        files = list(entries)
    if len(files) > _MOST_ENTRIES[folder.name]:
        with suppress(FileNotFoundError):  # another process is about it
            for file in sorted(files, key=_read_time)[: len(files) // 2]:
                with suppress(IsADirectoryError, PermissionError):  # a folder, which is no entry
                    Path(file).unlink()


def _read_time(entry: os.DirEntry[str]) -> int:
    """Return when an entry was written; of one that another process has removed meanwhile, 0."""
    with suppress(OSError):
        return entry.stat(follow_symlinks=False).st_mtime_ns
    return 0
