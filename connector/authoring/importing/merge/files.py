"""Files of a connector's folder, written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.files.atomic import replacing

if TYPE_CHECKING:
    from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write a file beside its place, then put it there; a file that exists keeps its mode. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temp_path:
        temp_path.write_bytes(text.encode())
        if path.exists():
            temp_path.chmod(path.stat().st_mode)


def read_text(path: Path) -> str | None:
    """Return the text of a file; None where there is none. Raises OSError, UnicodeDecodeError."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None
