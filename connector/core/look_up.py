"""Finding a value in a reply by the dotted path that a manifest names."""

from __future__ import annotations

from typing import Any


def dig(data: Any, path: str | None) -> Any:
    """Return what stands at a dotted path of JSON data, or None; `.` is the data itself."""
    if path is None:
        return None
    if path == ".":
        return data
    for name in path.split("."):
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data
