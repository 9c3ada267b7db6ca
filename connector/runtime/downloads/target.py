"""Where a download goes: a file, or a folder in which the reply names it."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.core.redaction import describe_type, preview
from connector.errors import InputError, Problem, StoreError
from connector.runtime.downloads import file_name

if TYPE_CHECKING:
    from connector.errors import ConnectorError
    from connector.runtime.downloads.reply_headers import FileHeaders

_DISK_FULL_ERRNOS = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_NO_ACCESS_ERRNOS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR)
_FILE_TYPE_NAMES = {
    stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


class NameTaken(OSError):
    """A name that cannot be used, known when the reply has named the file."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class DownloadTarget:
    """Where a download goes: a folder, and the name in it; or a stem that gets its extension from the reply.

    Without either the reply, or the URL, names the file. `replaces` says that a file of that name may be replaced;
    what is no file (a folder, a link, a device) never is. `chosen` says that the caller chose the name.
    """

    folder: Path
    name: str | None = None
    stem: str | None = None
    overwrite: bool = False
    is_explicit: bool = False

    @classmethod
    def from_path(cls, path: Any, *, overwrite: bool = False) -> DownloadTarget:
        """Read a path: one that ends with a separator, or is a folder, is where a file gets its own name.

        Raises InputError for a name that is taken, and for what is no path.
        """
        text = check_path_text(path, "path", "the path of a file")
        if text.endswith(("/", os.sep)) or os.path.isdir(text):
            return cls(check_folder(text, "path"), overwrite=overwrite)
        target = Path(text)
        download_target = cls(target.parent, target.name, overwrite=overwrite, is_explicit=True)
        download_target.check_name(target.name)
        return download_target

    def check_name(self, name: str) -> None:
        """Refuse a name that is taken. Raises InputError."""
        problem = self.find_conflict(name)
        if problem is not None:
            raise InputError.from_problems("download", [problem])

    def find_conflict(self, name: str) -> Problem | None:
        """Return why a name cannot be used: something stands there that is not to be replaced, or no file at all."""
        target = self.folder / name
        try:
            mode = target.lstat().st_mode
        except OSError as error:
            is_too_long = error.errno == errno.ENAMETOOLONG
            return (
                Problem("path", f"a name of {len(os.fsencode(name))} bytes", "a shorter name") if is_too_long else None
            )
        fix = "take another name" if self.is_explicit else "move it away"
        if not stat.S_ISREG(mode):
            file_type = _FILE_TYPE_NAMES.get(stat.S_IFMT(mode), "no file")
            return Problem("path", f"{target}, which is {file_type}", "a name that is free, or a file's", fix)
        fix = f"{fix}, or replace it with overwrite (--overwrite)"
        return None if self.overwrite else Problem("path", str(target), "a name that is free", fix)

    def build_error(self, error: OSError, path: Path) -> ConnectorError:
        """Return the error of the system, with the place (`path` where it names none) and what to do."""
        if isinstance(error, NameTaken):
            text = f"download: 1 problem, nothing was replaced.\n  {error.problem}"
            return InputError(text, problems=(error.problem,), outcome="rejected")
        shown_path = str(error.filename or path)
        hint = "Look at that place, and try again."
        if error.errno in _DISK_FULL_ERRNOS:
            hint = "Free some space there, then run it again."
        elif error.errno in _NO_ACCESS_ERRNOS:
            shown_path, hint = str(self.folder), "Name a folder that is there and that this user may write to."
        return StoreError(f"{shown_path}: {error.strerror or type(error).__name__}.", hint=hint, path=shown_path)

    def get_partial_path(self, url_fingerprint: str) -> Path:
        """Return the file that grows."""
        base_name = self.name or self.stem
        is_short = base_name is not None and len(os.fsencode(base_name)) <= file_name.MAX_NAME_BYTES
        return self.folder / f".{base_name if is_short else url_fingerprint[:32]}.part"

    def resolve_name(self, url: str, file_headers: FileHeaders) -> str:
        """Return the name of a file from where it was asked for, and from what its reply says."""
        if self.name is not None:
            return self.name
        naming_headers = file_headers.get_header("content-disposition"), file_headers.content_type
        return (
            file_name.name_from_reply(url, *naming_headers)
            if self.stem is None
            else self.stem + file_name.extension_from_reply(*naming_headers)
        )


def check_path_text(path: Any, field: str, expected: str) -> str:
    """Return a path as text. Raises InputError for what is none."""
    text: Any = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        got = preview(path) if isinstance(path, str | None) else describe_type(path)
        raise InputError.from_problems("download", [Problem(field, got, expected)])
    return text


def check_folder(path: Any, field: str = "folder") -> Path:
    """Return a folder that is there, or that can be made. Raises InputError when something else stands in its place."""
    folder_path = Path(check_path_text(path, field, "the path of a folder"))
    existing = next(
        (candidate for candidate in (folder_path, *folder_path.parents) if os.path.lexists(candidate)), None
    )
    if existing is not None and not os.path.isdir(existing):
        fix = "take another name, or leave the / at its end out" if field == "path" else "name a folder"
        raise InputError.from_problems("download", [Problem(field, f"{existing}, which is no folder", "a folder", fix)])
    return folder_path
