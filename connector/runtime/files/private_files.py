"""Files and folders that only their owner may read: made so whatever the umask, refused when they are not."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
from typing import TYPE_CHECKING

from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNTOUCHED = "What was kept before is untouched."
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe in the place of a file must not hang us
_FULL = "Free some space, or give the store another place; then try again."
_DENIED = "Give this user the right to read and write there, or give the store another place."
_REMEDIES = {
    errno.ENOSPC: _FULL,
    getattr(errno, "EDQUOT", errno.ENOSPC): _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: "Mount the file system for writing, or give the store another place.",
    errno.EIO: "The disk may be failing: look at the system's log, and save what can be saved.",
    errno.EMFILE: "This process has too many files open: close some, or raise its limit.",
    errno.ENFILE: "The system has too many files open: close some, or raise its limit.",
}


def failure(error: OSError, path: Path, safe: str = UNTOUCHED) -> StoreError:
    """Return the error of the system as one of the store: path, reason, what is safe, what to do."""
    reason = error.strerror or type(error).__name__
    hint = _REMEDIES.get(error.errno or 0, "Look at that place, and try again.")
    if error.errno in (errno.EACCES, errno.EPERM):
        shown, hint = _closed(path)
        reason = f"{reason}{shown}"
    return StoreError(f"{path}: {reason}. {safe}", hint=hint, path=str(path))


def _closed(path: Path) -> tuple[str, str]:
    """Return what keeps this user out, with its mode and owner, and how to let it in."""
    for place in (path, *path.parents):
        try:
            found = place.stat()
        except OSError:  # not there, or in a folder that may not be entered: look above
            continue
        if not hasattr(os, "geteuid"):
            break
        mode = stat.S_IMODE(found.st_mode)
        shown = f" ({place} has mode {mode:04o} and belongs to user {found.st_uid})"
        if found.st_uid != os.geteuid():
            return shown, _DENIED
        right = "u+rwx" if stat.S_ISDIR(found.st_mode) else "u+rw"
        return shown, f"To give this user the right to it, run: chmod {right} {_quoted(place)}"
    return "", _DENIED


def make_folder(path: Path) -> None:
    """Make a folder that only its owner may enter, and the missing ones above it alike. Raises StoreError."""
    missing = [one for one in (path, *path.parents) if not os.path.lexists(one)]
    try:
        for one in reversed(missing):
            with contextlib.suppress(FileExistsError):  # another process was faster
                one.mkdir(0o700)
                one.chmod(0o700)  # whatever the umask took away
    except OSError as error:
        raise failure(error, path) from error
    check_folder(path)


def check_folder(path: Path) -> bool:
    """Return whether a folder is there. Raises StoreError when others may enter or replace it."""
    return _checked(path, stat.S_ISDIR)


def check_file(path: Path) -> bool:
    """Return whether a file is there. Raises StoreError when it is open to others, a link or another's."""
    return _checked(path, stat.S_ISREG)


def read(path: Path) -> bytes | None:
    """Return what a private file holds, or None where there is none. Raises StoreError."""
    try:
        handle = os.open(path, os.O_RDONLY | _NO_FOLLOW | _NO_WAIT)
        with open(handle, "rb") as file:  # noqa: PTH123  a descriptor, so that what is checked is what is read
            _judge(path, os.fstat(handle), stat.S_ISREG)
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _linked(path) from error
        raise failure(error, path) from error


def open_own(path: Path) -> int:
    """Return a descriptor of a private file to read and write, made when missing. Raises OSError, StoreError."""
    try:
        return _made(path, os.O_RDWR)
    except FileExistsError:
        handle = os.open(path, os.O_RDWR | _NO_FOLLOW | _NO_WAIT)
    try:
        _judge(path, os.fstat(handle), stat.S_ISREG)
    except BaseException:
        os.close(handle)
        raise
    return handle


def write_new(path: Path, content: bytes) -> None:
    """Write a private file that was not there before, down to the disk. Raises OSError; then it is gone again."""
    handle = _made(path, os.O_WRONLY)
    try:
        with open(handle, "wb", buffering=0) as file:  # noqa: PTH123  a descriptor
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(handle)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def sync_folder(path: Path) -> None:
    """Make a rename or a removal in a folder durable. Raises OSError."""
    if os.name == "nt":  # it has no such call
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _made(path: Path, flags: int) -> int:
    handle = os.open(path, flags | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, 0o600)  # whatever the umask took away
    return handle


def _checked(path: Path, kind: Callable[[int], bool]) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise failure(error, path) from error
    _judge(path, found, kind)
    _judge_above(path)
    return True


def _judge(path: Path, found: os.stat_result, kind: Callable[[int], bool]) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise _linked(path)
    if not kind(found.st_mode):
        raise _refused(path, "it is not what a store keeps there", f"Look with: ls -ld {_quoted(path)}")
    if not hasattr(os, "geteuid"):  # Windows has no such owners and modes
        return
    if found.st_uid != os.geteuid():
        owner = f"it belongs to user {found.st_uid}, and this process is user {os.geteuid()}"
        raise _refused(path, owner, f"If it is yours, run: chown {os.geteuid()} {_quoted(path)}")
    if found.st_mode & _OPEN_TO_OTHERS:
        mode, right = stat.S_IMODE(found.st_mode), "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise _refused(path, f"it is open to others (mode {mode:04o})", f"Run: chmod {right} {_quoted(path)}")


def _judge_above(path: Path) -> None:
    """Refuse what anybody could replace, because a folder above it may be written by all and is not sticky."""
    if not hasattr(os, "geteuid"):
        return
    parent = path.parent.resolve()
    for folder in (parent, *parent.parents):
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            why = f"it lies in {folder}, where anybody may replace it"
            raise _refused(path, why, f"Run: chmod o-w {_quoted(folder)}")


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _linked(path: Path) -> StoreError:
    return _refused(path, "it is a symbolic link", f"Put the real one there; see: ls -l {_quoted(path)}")


def _refused(path: Path, why: str, hint: str) -> StoreError:
    return StoreError(f"{path} is refused: {why}. Nothing was read or written.", hint=f"{hint}", path=str(path))
