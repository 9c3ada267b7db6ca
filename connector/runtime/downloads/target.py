"""Where a download goes: a file, or a folder in which the reply names it."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.core.redaction import kind_of, shown
from connector.errors import InputError, Problem, StoreError
from connector.runtime.downloads import file_name as download_name

if TYPE_CHECKING:
    from connector.errors import ConnectorError
    from connector.runtime.downloads.reply_headers import Head

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_SHUT = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR)
_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


class Taken(OSError):
    """A name that cannot be used, known when the reply has named the file."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Place:
    """Where a download goes: a folder, and the name in it; or a stem that gets its extension from the reply.

    Without either the reply, or the URL, names the file. `replaces` says that a file of that name may be replaced;
    what is no file (a folder, a link, a device) never is. `chosen` says that the caller chose the name.
    """

    folder: Path
    name: str | None = None
    stem: str | None = None
    replaces: bool = False
    chosen: bool = False

    @classmethod
    def of(cls, path: Any, *, replaces: bool = False) -> Place:
        """Read a path: one that ends with a separator, or is a folder, is where a file gets its own name.

        Raises InputError for a name that is taken, and for what is no path.
        """
        text = path_text(path, "path", "the path of a file")
        if text.endswith(("/", os.sep)) or os.path.isdir(text):  # noqa: PTH112  a name too long is no folder either
            return cls(folder(text, "path"), replaces=replaces)
        target = Path(text)
        made = cls(target.parent, target.name, replaces=replaces, chosen=True)
        made.check(target.name)
        return made

    def check(self, name: str) -> None:
        """Refuse a name that is taken. Raises InputError."""
        problem = self.taken(name)
        if problem is not None:
            raise InputError.of("download", [problem])

    def taken(self, name: str) -> Problem | None:
        """Return why a name cannot be used: something stands there that is not to be replaced, or no file at all."""
        target = self.folder / name
        try:
            mode = target.lstat().st_mode
        except OSError as error:
            long = error.errno == errno.ENAMETOOLONG
            return Problem("path", f"a name of {len(os.fsencode(name))} bytes", "a shorter name") if long else None
        fix = "take another name" if self.chosen else "move it away"
        if not stat.S_ISREG(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), "no file")
            return Problem("path", f"{target}, which is {kind}", "a name that is free, or a file's", fix)
        fix = f"{fix}, or replace it with overwrite (--overwrite)"
        return None if self.replaces else Problem("path", str(target), "a name that is free", fix)

    def failure(self, error: OSError, path: Path) -> ConnectorError:
        """Return the error of the system, with the place (`path` where it names none) and what to do."""
        if isinstance(error, Taken):
            text = f"download: 1 problem, nothing was replaced.\n  {error.problem}"
            return InputError(text, problems=(error.problem,), outcome="rejected")
        where = str(error.filename or path)
        hint = "Look at that place, and try again."
        if error.errno in _FULL:
            hint = "Free some space there, then run it again."
        elif error.errno in _SHUT:
            where, hint = str(self.folder), "Name a folder that is there and that this user may write to."
        return StoreError(f"{where}: {error.strerror or type(error).__name__}.", hint=hint, path=where)

    def part(self, identity: str) -> Path:
        """Return the file that grows."""
        named = self.name or self.stem
        short = named is not None and len(os.fsencode(named)) <= download_name.LONGEST
        return self.folder / f".{named if short else identity[:32]}.part"

    def named(self, url: str, head: Head) -> str:
        """Return the name of a file from where it was asked for, and from what its reply says."""
        if self.name is not None:
            return self.name
        said = head.header("content-disposition"), head.kind
        return download_name.of_reply(url, *said) if self.stem is None else self.stem + download_name.extension(*said)


def path_text(path: Any, field: str, expected: str) -> str:
    """Return a path as text. Raises InputError for what is none."""
    text: Any = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        got = shown(path) if isinstance(path, str | None) else kind_of(path)
        raise InputError.of("download", [Problem(field, got, expected)])
    return text


def folder(path: Any, field: str = "folder") -> Path:
    """Return a folder that is there, or that can be made. Raises InputError when something else stands in its place."""
    wanted = Path(path_text(path, field, "the path of a folder"))
    there = next((one for one in (wanted, *wanted.parents) if os.path.lexists(one)), None)
    if there is not None and not os.path.isdir(there):  # noqa: PTH112
        fix = "take another name, or leave the / at its end out" if field == "path" else "name a folder"
        raise InputError.of("download", [Problem(field, f"{there}, which is no folder", "a folder", fix)])
    return wanted
