"""A record as the local copy keeps it, and what a new sight of it changes."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Literal

from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

Source = Literal["get", "list", "write", "event"]
Change = Literal["added", "changed", "gone"]
MAX_SKEW = 300.0  # seconds that clocks may differ by; a time that is later than now by more was told by a wrong one


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a reply or an event told of one record.

    `data` is what it said, None where it only said that the record is another one now. A sight that `is_whole` is
    everything that a read of the record returns; `variant` is the query of that read. `listing` names the list that it
    was seen in, and `parent` is the id of the record that it belongs to. One that `is_gone` was deleted. `asked_as`
    is what a call on one record named it by, which may be another name than its id, such as me: of a resource whose
    records have such names, a write under an unknown one `may_be_any`.
    """

    resource: str
    id: str
    source: Source
    data: Mapping[str, Any] | None = None
    parent: str = ""
    listing: str = ""
    is_whole: bool = False
    variant: str = ""
    is_gone: bool = False
    asked_as: str = ""
    may_be_any: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record in the copy.

    `data` has no secret; `hash` is of it. Times are epoch seconds: `seen_at` of the last sight, `gone_at` of the one
    that it was missing in, `whole_at` of the last read of the whole record, None if it was written to since then, and
    `written_at` of the last write of a call.
    """

    resource: str
    id: str
    data: Mapping[str, Any] = field(default_factory=dict)
    hash: str = ""
    source: str = ""
    parent: str = ""
    listing: str = ""
    variant: str = ""
    seen_at: float = 0.0
    whole_at: float | None = None
    written_at: float | None = None
    gone_at: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-safe data."""
        names = ("resource", "id", "parent", "source", "hash", "seen_at", "whole_at", "gone_at")
        return {**{name: getattr(self, name) for name in names}, "data": dict(self.data)}


def apply_sight(
    record: Record | None, sight: Sight, at: float, now: float = math.inf
) -> tuple[Record | None, Change | None]:
    """Return the record after a sight, and how that changed it.

    A sight older than what is known changes nothing: replies and events may arrive in any order. What was seen later
    than now counts as old: a clock was wrong. A list or an event may tell some fields alone, so the others stay; only a
    whole read replaces them.
    """
    if record is not None and at < record.seen_at <= now + MAX_SKEW:
        return record, None
    if sight.is_gone:
        if record is None or record.gone_at is not None:
            return record, None
        gone = replace(record, gone_at=at, seen_at=at, whole_at=None, source=sight.source)
        return _note_write(gone, sight, at), "gone"
    if sight.data is None:
        return (None, None) if record is None else (_note_write(replace(record, seen_at=at), sight, at), None)
    known = record or Record(resource=sight.resource, id=sight.id)
    data = dict(sight.data) if sight.is_whole else {**known.data, **sight.data}
    was_there = record is not None and record.gone_at is None
    whole_at = known.whole_at if was_there else None
    seen = replace(
        known,
        data=data,
        hash=compute_hash(data),
        source=sight.source,
        parent=sight.parent or known.parent,
        listing=sight.listing or known.listing,
        variant=sight.variant if sight.is_whole else known.variant,
        seen_at=at,
        whole_at=at if sight.is_whole else whole_at,
        gone_at=None,
    )
    seen = _note_write(seen, sight, at)
    if not was_there:
        return seen, "added"
    return seen, "changed" if _is_changed(known, seen, sight) else None


def _is_changed(known: Record, seen: Record, sight: Sight) -> bool:
    """Whether a record is another one: of two sources, which may tell different fields, what both tell counts."""
    if known.source == sight.source:
        return known.hash != seen.hash
    told = sight.data or {}
    return any(known.data[name] != value for name, value in told.items() if name in known.data)


def _note_write(record: Record, sight: Sight, at: float) -> Record:
    """Return a record that was written to: what that did to its other fields, only the service knows."""
    return replace(record, whole_at=None, written_at=at) if sight.source == "write" else record


def compute_hash(data: Mapping[str, Any]) -> str:
    """Return the hash of a record's data, which does not depend on the order of its fields."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
