"""Scaffold of a new connector: a small and complete one to start from."""

from __future__ import annotations

from pathlib import Path

from connector.authoring import docs
from connector.errors import StoreError, UsageError

TEMPLATE_FOLDER = Path(__file__).parent / "template"


def create_connector(folder: Path) -> list[Path]:
    """Write a new connector into a new or empty folder and return its files, sorted.

    Raises UsageError when the folder is not empty, StoreError when it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty.", hint="Choose a new or empty folder.")
    files = []
    try:
        for source in sorted(path for path in TEMPLATE_FOLDER.rglob("*") if path.is_file()):
            target = folder / source.relative_to(TEMPLATE_FOLDER)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            files.append(target)
        files += docs.write(folder)
    except OSError as error:
        hint = "Check the folder's permissions and the free disk space."
        raise StoreError(f"{error.filename or folder}: {error.strerror}.", path=str(folder), hint=hint) from None
    return sorted(files)
