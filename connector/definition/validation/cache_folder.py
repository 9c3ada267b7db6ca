"""The user's folders of what was worked out before: entries of bytes, each under a digest of what it was made of.

A folder is a convenience, never a truth. An entry that is damaged, or that another user could have written, is as if
it were not there; where nothing can be written, nothing is kept. An entry is moved to its place whole.
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
            return entry if checksum == _compute_checksum(entry) else None
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
            _write_own(folder / digest, _compute_checksum(entry) + entry)


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


def _compute_checksum(entry: bytes) -> bytes:
    return hashlib.sha256(entry).hexdigest().encode()


def _is_own(status: os.stat_result) -> bool:
    """Whether a file or folder is of this user, and no other may write it."""
    if not hasattr(os, "geteuid"):  # Windows has no such owners and modes
        return True
    is_plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    return is_plain and status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE


def _read_own(path: Path) -> bytes:
    """Return the content of a file of this user; empty for one that others may write."""
    descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | _NO_BLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read() if _is_own(os.fstat(descriptor)) else b""


def _write_own(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all. It need not survive a loss of power: its checksum tells whether it did."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise


@cache
def _remove_oldest(folder: Path) -> None:
    """Remove the oldest entries where there are many; once in a process."""
    with os.scandir(folder) as entries:
        files = [(entry.stat(follow_symlinks=False).st_mtime_ns, entry.path) for entry in entries]
    for _, path in sorted(files)[: len(files) // 2 if len(files) > _MOST_ENTRIES[folder.name] else 0]:
        with suppress(OSError):
            Path(path).unlink()
