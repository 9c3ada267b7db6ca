"""The file that somebody means who names one that is not there."""

from __future__ import annotations

from pathlib import Path

from connector.definition.suggest import did_you_mean

_MAX_FILES = 1000  # of a folder that is looked through


def suggest_file(path: str) -> str:
    """Return ` Did you mean 'x'?` with a file of the same folder; empty where none is close, or the file is there."""
    wanted = Path(path)
    try:
        if wanted.exists():
            return ""
        names = [one.name for _, one in zip(range(_MAX_FILES), wanted.parent.iterdir(), strict=False)]
    except OSError:
        return ""
    return did_you_mean(wanted.name, names)
