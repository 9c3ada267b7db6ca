"""The target of a download: a file, or a folder in which the reply names the file."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.core.redaction import describe_type, preview
from connector.errors import InputError, Problem, StoreError
from connector.first_use import dataclass
from connector.runtime.downloads import file_name
from connector.runtime.downloads.refusal import ExpectedFile
from connector.runtime.files.atomic import rename_to_new

if TYPE_CHECKING:
    from connector.errors import ConnectorError
    from connector.runtime.downloads.locked_file import LockedFile
    from connector.runtime.downloads.reply_headers import FileHeaders

_DISK_FULL_ERRNOS = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_NO_ACCESS_ERRNOS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR)
_FILE_TYPE_NAMES = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    **dict.fromkeys((stat.S_IFCHR, stat.S_IFBLK), "a device"),
}


class NameTaken(OSError):
    """A file name from a reply that cannot be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class DownloadTarget:
    """The target of a download: a folder and a name; or a stem that gets its extension from the reply.

    Without either, the reply or the URL names the file. `overwrite` lets it replace a file of that name; a folder,
    link or device is never replaced. `is_explicit` says that the caller chose the name. `may_be_json` and `size` are
    what a listing says of the file: that JSON is one whatever its name, and its size in bytes.
    """

    folder: Path
    name: str | None = None
    stem: str | None = None
    overwrite: bool = False
    is_explicit: bool = False
    may_be_json: bool = False
    size: int | None = None

    @classmethod
    def from_path(cls, path: Any, *, overwrite: bool = False) -> DownloadTarget:
        """Return the target of a path; in a folder, or a path that ends with a separator, the reply names the file.

        Raises InputError for a name in use, and for a value that is not a path.
        """
        text = check_path_text(path, "path", "the path of a file")
        if text.endswith(("/", os.sep)) or os.path.isdir(text):  # noqa: PTH112  a name that is too long is not a folder
            return cls(check_folder(text, "path"), overwrite=overwrite)
        target = Path(text)
        download_target = cls(target.parent, target.name, overwrite=overwrite, is_explicit=True)
        download_target.check_name(target.name)
        return download_target

    def check_name(self, name: str) -> None:
        """Reject a name in use. Raises InputError."""
        problem = self.find_conflict(name)
        if problem is not None:
            raise InputError.from_problems("download", [problem])

    def find_conflict(self, name: str) -> Problem | None:
        """Return the problem of a name that is in use or invalid, or None."""
        target = self.folder / name
        try:
            mode = target.lstat().st_mode
        except OSError as error:
            is_too_long = error.errno == errno.ENAMETOOLONG
            return (
                Problem("path", f"a name of {len(os.fsencode(name))} bytes", "a shorter name") if is_too_long else None
            )
        fix = "choose another name" if self.is_explicit else "move it away"
        if not stat.S_ISREG(mode):
            file_type = _FILE_TYPE_NAMES.get(stat.S_IFMT(mode), "not a file")
            return Problem("path", f"{target}, which is {file_type}", "an unused name, or that of a file", fix)
        fix = f"{fix}, or replace it with overwrite (--overwrite)"
        return None if self.overwrite else Problem("path", str(target), "an unused name", fix)

    def build_error(self, error: OSError, path: Path) -> ConnectorError:
        """Return the typed error of an OSError, with its path (default: `path`) and a hint."""
        if isinstance(error, NameTaken):
            text = f"download: 1 problem, nothing was replaced.\n  {error.problem}"
            return InputError(text, problems=(error.problem,), outcome="rejected")
        shown_path = str(error.filename or path)
        hint = "Check that location, and try again."
        if error.errno in _DISK_FULL_ERRNOS:
            hint = "Free some space there, then run it again."
        elif error.errno in _NO_ACCESS_ERRNOS:
            shown_path, hint = str(self.folder), "Choose an existing folder that this user can write to."
        return StoreError(f"{shown_path}: {error.strerror or type(error).__name__}.", hint=hint, path=shown_path)

    def require_free(self, name: str) -> None:
        """Reject a name that is in use. Raises NameTaken."""
        problem = self.find_conflict(name)
        if problem is not None:
            raise NameTaken(problem)

    def publish(self, file: LockedFile, name: str) -> Path:
        """Give a complete file its name, and return its path. Raises NameTaken, also of a name taken just now."""
        path = self.folder / name
        file.sync()
        self.require_free(name)
        if self.overwrite:
            file.copy_mode(path)
            file.path.replace(path)
            return path
        try:
            rename_to_new(file.path, path)
        except FileExistsError:
            self.require_free(name)
            raise
        return path

    def expect_file(self, url: str, file_headers: FileHeaders) -> ExpectedFile:
        """Return what the caller, the listing, the reply and the URL say of the file by its name."""
        names = (self.name or "", *file_name.names_from_reply(url, file_headers.get_header("content-disposition")))
        extensions = {file_name.extension_of(name).lower() for name in names} - {""}
        return ExpectedFile(extensions, self.may_be_json)

    def get_partial_path(self, url_fingerprint: str) -> Path:
        """Return the path of the partial file."""
        base_name = self.name or self.stem
        is_short = base_name is not None and len(os.fsencode(base_name)) <= file_name.MAX_NAME_BYTES
        return self.folder / f".{base_name if is_short else url_fingerprint[:32]}.part"

    def resolve_name(self, url: str, file_headers: FileHeaders) -> str:
        """Return the file name from the target, else from the reply, else from the URL."""
        if self.name is not None:
            return self.name
        naming_headers = file_headers.get_header("content-disposition"), file_headers.content_type
        return (
            file_name.name_from_reply(url, *naming_headers)
            if self.stem is None
            else self.stem + file_name.extension_from_reply(*naming_headers)
        )


def check_path_text(path: Any, field: str, expected: str) -> str:
    """Return a path as text. Raises InputError for a value that is not a path."""
    text: Any = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        got = preview(path) if isinstance(path, str | None) else describe_type(path)
        raise InputError.from_problems("download", [Problem(field, got, expected)])
    return text


def check_folder(path: Any, field: str = "folder") -> Path:
    """Return a folder that exists or can be created. Raises InputError if a file is in its place."""
    folder_path = Path(check_path_text(path, field, "the path of a folder"))
    existing = next(
        (candidate for candidate in (folder_path, *folder_path.parents) if os.path.lexists(candidate)), None
    )
    if existing is not None and not os.path.isdir(existing):  # noqa: PTH112
        fix = "choose another name, or remove the / at its end" if field == "path" else "choose a folder"
        raise InputError.from_problems(
            "download", [Problem(field, f"{existing}, which is not a folder", "a folder", fix)]
        )
    return folder_path
