"""Scaffold of a new connector: a small and complete one to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING

from connector.authoring import docs
from connector.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path


def create_connector(folder: Path) -> list[Path]:
    """Write a new connector into a new or empty folder and return its files, sorted.

    Raises UsageError when the folder is not empty, StoreError when it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty.", hint="Choose a new or empty folder.")
    files = []
    try:
        for path, source in _iter_files(resources.files("connector.authoring") / "template", PurePath()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            files.append(target)
        files += docs.write(folder)
    except OSError as error:
        hint = "Check the folder's permissions and the free disk space."
        raise StoreError(f"{error.filename or folder}: {error.strerror}.", path=str(folder), hint=hint) from None
    return sorted(files)


def _iter_files(folder: Traversable, path: PurePath) -> Iterator[tuple[PurePath, Traversable]]:
    """Yield every file below a folder of the package, which may be in a zip file, with its path."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _iter_files(entry, path / entry.name)
        else:
            yield path / entry.name, entry
