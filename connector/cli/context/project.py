"""The project file of the current folder: where it is found, and whether this user trusts it.

Anybody can write one: it comes with a folder that was cloned or unpacked. It says which connection and connector are
meant, and never where credentials go. A connector or a store that lies in its folder decides that all the same, by its
hosts; so nothing is sent with either before this user has trusted the folder, once.
"""

from __future__ import annotations

import os
from pathlib import Path

from connector.cli.context.config_file import PROJECT_FILE_NAME, config_path
from connector.errors import StoreError


def find_project_file(start: Path | None = None) -> Path | None:
    """Return the project file in a folder or above, up to the root of a repository or the home folder.

    One of another user, who could have put it above this user's folders, is none.
    """
    try:
        start, home = start or Path.cwd(), Path.home()
    except (OSError, RuntimeError):  # the current folder is gone, or this user has no home
        return None
    for folder in (start, *start.parents):
        path = folder / PROJECT_FILE_NAME
        if path.is_file() and _is_own(path):
            return path
        if folder == home or (folder / ".git").exists():
            return None
    return None


def _is_own(path: Path) -> bool:
    """Whether a file belongs to this user, or to the system; where owners have no number, it does."""
    return not hasattr(os, "getuid") or path.stat().st_uid in (os.getuid(), 0)


def is_trusted(project_file: Path) -> bool:
    """Whether this user has trusted the folder of a project file."""
    return str(project_file.parent.resolve()) in _read_trusted()


def set_trust(project_file: Path, *, trusted: bool) -> None:
    """Trust the folder of a project file, or no longer. Raises StoreError."""
    from connector.runtime.files.atomic import replace_file

    folder, path = str(project_file.parent.resolve()), _trust_path()
    folders = [*(one for one in _read_trusted() if one != folder), *([folder] if trusted else [])]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, "".join(f"{one}\n" for one in folders).encode())
    except OSError as error:
        hint = "Check the path and its permissions."
        raise StoreError(f"{path}: {error.strerror}.", path=str(path), hint=hint) from None


def _trust_path() -> Path:
    return config_path().with_name("trusted-folders")


def _read_trusted() -> list[str]:
    try:
        return _trust_path().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
