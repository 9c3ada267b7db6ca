"""Templates of records: what a service adds by itself, taken from the examples of its actions.

Nothing is invented: a field that a caller may send is in a record only when it was sent, and a list begins empty. What
is left of the example is the service's own (ids, links, times), and its times are those of the record.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.sandbox.data.state import SandboxRecord

FieldPath = tuple[str, ...]
_ISO_TIME = prepare_pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
_ISO_DATE = prepare_pattern(r"\d{4}-\d\d-\d\d")
_CHANGE_NAME = prepare_pattern(r"updat|modif|chang|edit", re.IGNORECASE)
_EPOCH_NAME = prepare_pattern(r"creat|updat|modif|_at$|At$|_time$|Time$|date", re.IGNORECASE)
_EPOCH_SECONDS = range(1_000_000_000, 4_000_000_000)
_EPOCH_MILLISECONDS = range(1_000_000_000_000, 4_000_000_000_000)


@dataclass(frozen=True, slots=True)
class SentPaths:
    """Where the writes of a collection put what a caller sends: single fields, and objects that are spread."""

    fields: frozenset[FieldPath] = frozenset()
    spreads: frozenset[FieldPath] = frozenset()

    def includes(self, path: FieldPath) -> bool:
        """Whether a caller may send the value at a path."""
        return path in self.fields or any(path[: len(spread)] == spread != path for spread in self.spreads)

    def reaches_below(self, path: FieldPath) -> bool:
        """Whether a caller may send something inside the object at a path."""
        return any(sent[: len(path)] == path for sent in (*self.fields, *self.spreads))


@dataclass(frozen=True, slots=True)
class RecordTime:
    """A time of the service's own: where it is, how the example writes it, and whether a change renews it."""

    path: FieldPath
    example: str | int
    is_of_change: bool

    def write(self, record: SandboxRecord) -> str | int:
        """Return the record's time as the example writes one."""
        seconds = record.updated_at if self.is_of_change else record.created_at
        if isinstance(self.example, int):
            return int(seconds * 1000) if self.example in _EPOCH_MILLISECONDS else int(seconds)
        moment = datetime.fromtimestamp(seconds, UTC)
        if _ISO_DATE.fullmatch(self.example):
            return moment.date().isoformat()
        match = _ISO_TIME.fullmatch(self.example)
        fraction, zone = (match[1], match[2]) if match else ("", "Z")
        digits = f".{moment.microsecond:06}"[: len(fraction)] if fraction else ""
        return f"{moment:%Y-%m-%dT%H:%M:%S}{digits}{'Z' if zone == 'Z' else zone.translate(_TO_UTC)}"


_TO_UTC = str.maketrans("123456789-", "000000000+")


def drop_sent_fields(example: dict[str, Any], sent: SentPaths, path: FieldPath = ()) -> dict[str, Any]:
    """Return the fields of an example that the service adds by itself; its lists are empty."""
    kept: dict[str, Any] = {}
    for name, value in example.items():
        inner_path = (*path, name)
        if sent.includes(inner_path):
            continue
        if isinstance(value, dict):
            inner = drop_sent_fields(value, sent, inner_path)
            if inner or not sent.reaches_below(inner_path):
                kept[name] = inner
        else:
            kept[name] = [] if isinstance(value, list) else value
    return kept


def find_times(fields: dict[str, Any], path: FieldPath = ()) -> Iterator[RecordTime]:
    """Find the times among the fields that a service adds by itself."""
    for name, value in fields.items():
        inner_path = (*path, name)
        if isinstance(value, dict):
            yield from find_times(value, inner_path)
        elif isinstance(value, str):
            if _ISO_TIME.fullmatch(value) or _ISO_DATE.fullmatch(value):
                yield RecordTime(inner_path, value, bool(_CHANGE_NAME.search(name)))
        elif isinstance(value, int) and _is_epoch(value) and _EPOCH_NAME.search(name):
            yield RecordTime(inner_path, value, bool(_CHANGE_NAME.search(name)))


def _is_epoch(value: int) -> bool:
    return value in _EPOCH_SECONDS or value in _EPOCH_MILLISECONDS


def sort_as(fields: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return fields in the order of the example's names; others follow."""
    return {name: fields[name] for name in names if name in fields} | fields
