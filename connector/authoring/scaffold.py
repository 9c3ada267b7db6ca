"""Scaffold of a new connector: a small and complete one to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING

from connector.authoring import docs
from connector.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path


def create_connector(folder: Path, files: Mapping[str, str] | None = None) -> list[Path]:
    """Write a new connector into a new or empty folder and return its files, sorted: an example, unless `files` says.

    Raises UsageError when the folder is not empty, StoreError when it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty.", hint="Choose a new or empty folder.")
    template = resources.files("connector.authoring") / "template"
    if files is None:
        sources = ((path, source.read_bytes()) for path, source in _iter_files(template, PurePath()))
    else:
        sources = ((PurePath(path), text.encode()) for path, text in files.items())
    written = []
    try:
        for path, data in sources:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            written.append(target)
        written += docs.write(folder)
    except OSError as error:
        raise _build_store_error(folder, error) from None
    return sorted(written)


def create_action(folder: Path, path: str, text: str) -> Path:
    """Write a new action's file into a connector's folder and return its path.

    Raises UsageError when there is one already, StoreError when it cannot be written.
    """
    target = folder / path
    try:
        target.parent.mkdir(exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{target} exists already.", hint="Choose another key, or edit the file.") from None
    except OSError as error:
        raise _build_store_error(folder, error) from None
    return target


def _build_store_error(folder: Path, error: OSError) -> StoreError:
    hint = "Check the folder's permissions and the free disk space."
    return StoreError(f"{error.filename or folder}: {error.strerror}.", path=str(folder), hint=hint)


def _iter_files(folder: Traversable, path: PurePath) -> Iterator[tuple[PurePath, Traversable]]:
    """Yield every file below a folder of the package, which may be in a zip file, with its path."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _iter_files(entry, path / entry.name)
        else:
            yield path / entry.name, entry
