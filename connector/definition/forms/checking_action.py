"""Which action tells whether a write was done: the one that reads the same resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.definition.forms.action_heads import ActionHead


def find_check(entries: Iterable[ActionHead], path: str) -> ActionHead | None:
    """Return the action that reads what a write to a path changed: the record or listing itself, else what holds it."""
    readers = [(_split(entry.path), entry) for entry in entries if entry.is_read and not entry.is_raw]
    segments = _split(path)
    while any(not _is_parameter(segment) for segment in segments):
        for template, entry in readers:
            if len(template) == len(segments) and all(map(_fits, template, segments)):
                return entry
        segments.pop()
    return None


def _split(path: str) -> list[str]:
    return path.partition("?")[0].strip("/").split("/")


def _is_parameter(segment: str) -> bool:
    return "{" in segment


def _fits(template: str, segment: str) -> bool:
    return _is_parameter(template) or template == segment
