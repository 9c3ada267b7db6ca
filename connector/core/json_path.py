"""Get and set values in JSON data by dotted path."""

from __future__ import annotations

from typing import Any


def get_at_path(data: Any, path: str | None) -> Any:
    """Return the value at a dotted path of JSON data, or None; `.` is the data itself."""
    if path is None:
        return None
    if path == ".":
        return data
    for name in path.split("."):
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data


def set_at_path(data: Any, path: str, value: Any) -> Any:
    """Return JSON data with the value set at a dotted path, copied along the way; `.` is the data itself."""
    if path == ".":
        return value
    root = branch = dict(data or {})
    *names, last = path.split(".")
    for name in names:
        branch[name] = dict(branch.get(name) or {})
        branch = branch[name]
    branch[last] = value
    return root
