"""The first words of a folder's actions that were read before, each with the state of its file then."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from connector.definition.validation import cache_folder

if TYPE_CHECKING:
    import os
    from pathlib import Path

Words = list[Any]
_TOO_NEW = 2_000_000_000  # nanoseconds; a file that was changed so short before it was read may change unseen


class HeadIndex:
    """An index of one folder: what of it is as it was need not be read again.

    A file is as it was where its size, its times and its place on the disk are.
    """

    def __init__(self, folder: Path) -> None:
        self._digest = cache_folder.compute_digest("heads", bytes(folder.absolute()))
        self._known = _parse(cache_folder.read_entry(self._digest))
        self._found: dict[str, tuple[list[int], Words]] = {}
        self._newest = time.time_ns() - _TOO_NEW
        self._is_changed = False

    def find(self, path: Path, state: os.stat_result) -> Words | None:
        """Return the words of a file that is in this state, or None."""
        match self._known.get(path.name):
            case [mark, [*words]] if mark == _mark(state):
                self._found[path.name] = (mark, words)
                return words
        return None

    def add(self, path: Path, state: os.stat_result, words: Words) -> None:
        """Note the words of a file that was in this state before it was read."""
        if max(state.st_mtime_ns, state.st_ctime_ns) < self._newest:
            self._found[path.name] = (_mark(state), words)
            self._is_changed = True

    def keep(self) -> None:
        """Keep the index, if it is another than before and that is possible."""
        if self._is_changed or len(self._found) != len(self._known):
            cache_folder.keep_entry(self._digest, json.dumps(self._found, separators=(",", ":")).encode())


def _mark(state: os.stat_result) -> list[int]:
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def _parse(entry: bytes | None) -> dict[str, Any]:
    try:
        known = json.loads(entry or b"{}")
    except (RecursionError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
