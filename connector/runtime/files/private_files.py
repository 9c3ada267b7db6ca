"""Private files and folders: created 0600 and 0700 whatever the umask, refused when others have access."""

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

NOT_WRITTEN = "The stored data is unchanged."
OLD_OR_NEW = "Either the old record or the new one is stored, intact."
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_BLOCK = getattr(os, "O_NONBLOCK", 0)  # opening a pipe must not block
_DISK_FULL_HINT = "Free some space, or use another location; then try again."
_PERMISSION_HINT = "Give this user the right to read and write there, or use another location."
_HINT_BY_ERRNO = {
    errno.ENOSPC: _DISK_FULL_HINT,
    getattr(errno, "EDQUOT", errno.ENOSPC): _DISK_FULL_HINT,
    errno.EFBIG: _DISK_FULL_HINT,
    errno.EROFS: "Mount the file system for writing, or use another location.",
    errno.EIO: "The disk may be failing: check the system log, and back up the data.",
    errno.EMFILE: "This process has too many open files: close some, or raise its limit.",
    errno.ENFILE: "The system has too many open files: close some, or raise its limit.",
}


def build_store_error(error: OSError, path: Path, data_state: str = NOT_WRITTEN) -> StoreError:
    """Return an OSError as a StoreError with path, reason, state of the data, and hint."""
    reason = error.strerror or type(error).__name__
    hint = _HINT_BY_ERRNO.get(error.errno or 0, "Check that path, and try again.")
    if error.errno in (errno.EACCES, errno.EPERM):
        details, hint = _explain_denied(path)
        reason = f"{reason}{details}"
    return StoreError(f"{path}: {reason}. {data_state}", hint=hint, path=str(path))


def _explain_denied(path: Path) -> tuple[str, str]:
    """Return the file or folder that denies access, with mode and owner, and the fix."""
    for candidate in (path, *path.parents):
        try:
            status = candidate.stat()
        except OSError:  # missing, or in a folder without access: try the parent
            continue
        if not hasattr(os, "geteuid"):
            break
        mode = stat.S_IMODE(status.st_mode)
        details = f" ({candidate} has mode {mode:04o} and belongs to user {status.st_uid})"
        if status.st_uid != os.geteuid():
            return details, _PERMISSION_HINT
        permission = "u+rwx" if stat.S_ISDIR(status.st_mode) else "u+rw"
        return details, f"To give this user the right to use it, run: chmod {permission} {_quote(candidate)}"
    return "", _PERMISSION_HINT


def make_folder(path: Path) -> None:
    """Create a private folder and its missing parents. Raises StoreError."""
    missing = [folder for folder in (path, *path.parents) if not os.path.lexists(folder)]
    try:
        for folder in reversed(missing):
            with contextlib.suppress(FileExistsError):  # created by another process
                folder.mkdir(0o700)
                folder.chmod(0o700)  # whatever the umask
    except OSError as error:
        raise build_store_error(error, path) from error
    check_folder(path)


def check_folder(path: Path) -> bool:
    """Return whether a folder exists. Raises StoreError when others may enter or replace it."""
    return _check_path(path, stat.S_ISDIR)


def check_file(path: Path) -> bool:
    """Return whether a file exists. Raises StoreError when it is open to others, a link, or another user's."""
    return _check_path(path, stat.S_ISREG)


def read_file(path: Path) -> bytes | None:
    """Return the content of a private file, or None if it is missing. Raises StoreError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | _NO_BLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor, so that the checked file is the one that is read
            _check_owner_and_mode(path, os.fstat(descriptor), stat.S_ISREG)
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _build_link_error(path) from error
        raise build_store_error(error, path) from error


def open_private(path: Path) -> int:
    """Return a descriptor of a private file to read and write; create it if missing. Raises OSError, StoreError."""
    try:
        return _create(path, os.O_RDWR)
    except FileExistsError:
        descriptor = os.open(path, os.O_RDWR | _NO_FOLLOW | _NO_BLOCK)
    try:
        _check_owner_and_mode(path, os.fstat(descriptor), stat.S_ISREG)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def create_private(path: Path, content: bytes) -> None:
    """Create a private file with this content, durably. Raises OSError and then leaves no file."""
    descriptor = _create(path, os.O_WRONLY)
    try:
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123  a descriptor
            remaining = memoryview(content)
            while remaining:
                remaining = remaining[file.write(remaining) :]
            os.fsync(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def sync_folder(path: Path) -> None:
    """Make renames and removals in a folder durable. Raises OSError."""
    if os.name == "nt":  # Windows has no such call
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _create(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)  # whatever the umask
    return descriptor


def _check_path(path: Path, is_expected_kind: Callable[[int], bool]) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise build_store_error(error, path) from error
    _check_owner_and_mode(path, status, is_expected_kind)
    _check_parents(path)
    return True


def _check_owner_and_mode(path: Path, status: os.stat_result, is_expected_kind: Callable[[int], bool]) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _build_link_error(path)
    if not is_expected_kind(status.st_mode):
        raise _build_refusal(path, "it is not a file or folder of a store", f"Check it with: ls -ld {_quote(path)}")
    if not hasattr(os, "geteuid"):  # Windows has no such owners and modes
        return
    if status.st_uid != os.geteuid():
        reason = f"it belongs to user {status.st_uid}, and this process is user {os.geteuid()}"
        raise _build_refusal(path, reason, f"If it is yours, run: chown {os.geteuid()} {_quote(path)}")
    if status.st_mode & _OPEN_TO_OTHERS:
        mode, permission = stat.S_IMODE(status.st_mode), "700" if stat.S_ISDIR(status.st_mode) else "600"
        raise _build_refusal(path, f"it is open to others (mode {mode:04o})", f"Run: chmod {permission} {_quote(path)}")


def _check_parents(path: Path) -> None:
    """Refuse a path below a folder that is world-writable and not sticky, where any user could replace it."""
    if not hasattr(os, "geteuid"):
        return
    parent = path.parent.resolve()
    for folder in (parent, *parent.parents):
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            reason = f"it is in {folder}, where any user may replace it"
            raise _build_refusal(path, reason, f"Run: chmod o-w {_quote(folder)}")


def _quote(path: Path) -> str:
    return shlex.quote(str(path))


def _build_link_error(path: Path) -> StoreError:
    return _build_refusal(path, "it is a symbolic link", f"Replace it with its target; see: ls -l {_quote(path)}")


def _build_refusal(path: Path, reason: str, hint: str) -> StoreError:
    return StoreError(f"{path} is refused: {reason}. Nothing was read or written.", hint=hint, path=str(path))
