"""Processes that restore a backup, and are killed at one of the calls that change something."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any

from connector.runtime.backup.archive import ArchiveReader
from connector.runtime.backup.places import Location
from connector.runtime.backup.restore import Restore

_CHANGING = {"rename", "replace", "unlink", "rmdir", "link", "mkdir", "fsync", "execute", "executemany"}
NOTE = "restoring.json"


def build_restore(archive: ArchiveReader, urls: dict[str, str], folder: Path) -> Restore:
    """Return the restore of an archive into the URL of each kind."""
    return Restore(archive, lambda part: Location(part.kind, part.name, urls[part.kind]), folder / NOTE)


def restore_and_die(_pipe: Any, file: str, urls: dict[str, str], step: int) -> str:
    """Restore, and end with kill -9 at the change numbered `step`."""
    steps = itertools.count(1)

    def die(_frame: Any, event: str, call: Any) -> None:
        is_change = event == "c_call" and isinstance(call, BuiltinFunctionType) and call.__name__ in _CHANGING
        if is_change and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    with ArchiveReader(Path(file)) as archive:
        sys.setprofile(die)
        build_restore(archive, urls, Path(file).parent).run()
        sys.setprofile(None)
    return "restored"
