"""Models of files that were validated before, in the user's cache folder, each under a digest of what it was made of.

The folder is a convenience, never a truth: a file there that is damaged, or that another user could have written, is as
if it were not there, and where nothing can be written nothing is kept. No file there is ever changed: each is moved to
its place whole, and a content of definitions that differs has another name.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from connector._version import __version__
from connector.definition.validation.model_codec import decode_model, encode_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.validation.strict_model import StrictModel

Model = TypeVar("Model", bound="StrictModel")
_MOST_FILES = 4000  # beyond it the oldest half goes
_DIGEST_LENGTH = 64
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def compute_digest(model: type[StrictModel], *parts: bytes) -> str:
    """Return what a model of these parts is kept under: it says with which package they were validated, too."""
    digest = hashlib.sha256(f"{model.__module__}:{model.__name__} {_describe_package()}".encode())
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()


def find_model(digest: str, model: type[Model]) -> Model | None:
    """Return the model that is kept under a digest, or None."""
    with suppress(OSError, ValueError):
        folder = _find_folder()
        content = _read_own(folder / digest) if folder is not None and _is_own(folder.lstat()) else b""
        checksum, text = content[:_DIGEST_LENGTH], content[_DIGEST_LENGTH:]
        if checksum == _checksum(text):
            kept = decode_model(text)
            return kept if isinstance(kept, model) else None
    return None


def keep_model(digest: str, model: StrictModel) -> None:
    """Keep a model under a digest, if that is possible."""
    text, folder = encode_model(model), _find_folder()
    if text is None or folder is None:
        return
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_own(folder.lstat()):
            _remove_oldest(folder)
            _write_own(folder / digest, _checksum(text.encode()) + text.encode())


@cache
def _find_folder() -> Path | None:
    """Return the folder, which may not exist; None where a user has none."""
    from platformdirs import user_cache_path

    with suppress(OSError, RuntimeError):
        return user_cache_path("connector", appauthor=False) / "definitions"
    return None


@cache
def _describe_package() -> str:
    """Return the version of the package, and of the modules that say what is valid, which an author may change."""
    folder = Path(__file__).parents[1]
    try:
        changed = [f"{one.st_mtime_ns}:{one.st_size}" for one in _iter_stats(folder)]
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


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


def _is_own(status: os.stat_result) -> bool:
    """Whether a file or folder is of this user, and no other may write it."""
    if not hasattr(os, "geteuid"):  # Windows has no such owners and modes
        return True
    is_plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    return is_plain and status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE


def _read_own(path: Path) -> bytes:
    """Return the content of a file of this user; empty for one that others may write."""
    descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        return file.read() if _is_own(os.fstat(descriptor)) else b""


def _write_own(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all; it need not survive a loss of power, since it tells whether it is whole."""
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
    """Remove the oldest files where there are many; once in a process."""
    files = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(folder)]
    for _, path in sorted(files)[: len(files) // 2 if len(files) > _MOST_FILES else 0]:
        with suppress(OSError):
            Path(path).unlink()
