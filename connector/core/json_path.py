"""Get and set values of JSON data, and of replies, by the paths of definitions (definition/json_path)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.json_path import parse_path, parse_reply_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MAX_DIGITS = 5  # a longer number is a name: no list is made that long


def get_at_path(data: Any, path: str | None) -> Any:
    """Return the value at a path of JSON data, or None; `.` is the data itself."""
    return None if path is None else get_at(data, parse_path(path))


def get_at(data: Any, names: Sequence[str]) -> Any:
    """Return the value at the names of a path, or None."""
    for name in names:
        if isinstance(data, dict):
            data = data.get(name)
        elif isinstance(data, list):
            position = _position(name)
            data = data[position] if position is not None and position < len(data) else None
        else:
            return None
    return data


def has_path(data: Any, path: str) -> bool:
    """Whether JSON data has something at a path, null included."""
    if path == ".":
        return True
    *names, last = parse_path(path)
    holder = get_at(data, names)
    if isinstance(holder, list):
        position = _position(last)
        return position is not None and position < len(holder)
    return isinstance(holder, dict) and last in holder


def get_from_reply(data: Any, header: Callable[[str], str | None], path: str | None) -> Any:
    """Return the value at a path of a reply: of a header, by its lower-case name, or of the data; or None."""
    if path is None:
        return None
    place = parse_reply_path(path)
    return get_at(data, place.segments) if place.header is None else header(place.header)


def set_at_path(data: Any, path: str, value: Any) -> Any:
    """Return JSON data with the value set at a path, copied along the way; `.` is the data itself."""
    return set_at(data, parse_path(path), value)


def set_at(data: Any, names: Sequence[str], value: Any) -> Any:
    """Return JSON data with the value set at the names of a path, copied along the way.

    What is missing is made: a list for a number, where nothing is there yet, else a mapping.
    """
    if not names:
        return value
    name, *rest = names
    position = _position(name)
    if position is not None and not isinstance(data, dict):
        entries = list(data) if isinstance(data, list) else []
        entries += [None] * (position + 1 - len(entries))
        entries[position] = set_at(entries[position], rest, value)
        return entries
    fields = dict(data) if isinstance(data, dict) else {}
    fields[name] = set_at(fields.get(name), rest, value)
    return fields


def remove_at(data: Any, names: Sequence[str]) -> Any:
    """Return JSON data without what is at the names of a path, copied along the way."""
    name, *rest = names
    if isinstance(data, dict) and name in data:
        kept = {key: item for key, item in data.items() if key != name}
        return {**data, name: remove_at(data[name], rest)} if rest else kept
    position = _position(name)
    if isinstance(data, list) and position is not None and position < len(data):
        changed = [remove_at(data[position], rest)] if rest else []
        return [*data[:position], *changed, *data[position + 1 :]]
    return data


def has_position(names: Sequence[str]) -> bool:
    """Whether one of the names of a path is a number: a position in a list."""
    return any(_position(name) is not None for name in names)


def _position(name: str) -> int | None:
    return int(name) if name.isascii() and name.isdigit() and len(name) < _MAX_DIGITS else None
