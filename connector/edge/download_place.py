"""Where a download goes: a file, or a folder in which the reply names it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.edge import download_name
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from connector.edge.download_reply import Head


@dataclass(frozen=True, slots=True)
class Place:
    """Where a download goes: a folder, and the name in it; or a stem that gets its extension from the reply.

    Without either the reply, or the URL, names the file. `replaces` says that a file of that name may be replaced.
    """

    folder: Path
    name: str | None = None
    stem: str | None = None
    replaces: bool = False

    @classmethod
    def of(cls, path: Any, *, replaces: bool = False) -> Place:
        """Read a path: one that ends with a separator, or is a folder, is where a file gets its own name.

        Raises InputError for a file that is there, and for what is no path.
        """
        text: Any = os.fspath(path) if isinstance(path, str | os.PathLike) else None
        if not isinstance(text, str) or not text or "\0" in text:
            raise InputError.of("download", [Problem("path", f"a {type(path).__name__}", "the path of a file")])
        target = Path(text)
        if text.endswith(("/", os.sep)) or target.is_dir():
            return cls(target, replaces=replaces)
        made = cls(target.parent, target.name, replaces=replaces)
        made.check(target.name)
        return made

    def check(self, name: str) -> None:
        """Refuse a name that is taken. Raises InputError."""
        if not self.replaces and os.path.lexists(self.folder / name):
            fix = "take another name, or replace it with overwrite (--overwrite)"
            raise InputError.of("download", [Problem("path", str(self.folder / name), "a name that is free", fix)])

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
