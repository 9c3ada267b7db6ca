"""Which array of a reply is the list that was asked for, if any: by the path, the names and the shapes together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.authoring.importing.evidence.paging_names import (
    ITEM_FIELDS,
    SIDE_FIELDS,
    SIGNS_OF_MORE,
    TEXT_FIELDS,
    singular,
    squash,
)
from connector.authoring.importing.evidence.shapes import (
    NestedMember,
    Shape,
    is_json,
    iter_members,
    read_items,
    read_shape,
)
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from connector.authoring.importing.description import Operation

ListPath = tuple[str, ...]

_LISTING_POST = prepare_pattern(r"search|query|list|find|filter|scan|scroll|/get$|/sync$", re.IGNORECASE)
_ENVELOPES = ("data", "result", "results", "embedded", "response", "payload", "meta")
_MAX_DEPTH = 3
_NEEDED_POINTS = {"item": 8, "list": 6, "paged list": 2}


def find_list(operation: Operation, *, is_pageable: bool) -> ListPath | None:
    """Return the path of the list in the reply, `()` where the reply is the list, None where there is none."""
    reply = operation.success
    if reply is None or not may_list(operation) or not is_json(reply.content_type):
        return None
    document = operation.document
    top = read_shape(document, reply.schema)
    if top.kind == "array":
        entry = top.words.get("items")
        says_nothing = not isinstance(entry, dict) or (not entry and operation.path.rstrip("/").endswith("}"))
        return None if says_nothing else ()
    arrays = [member for member in iter_members(document, top, _MAX_DEPTH) if member.shape.kind == "array"]
    if not arrays:
        return None
    tells_more = any(squash(name) in SIGNS_OF_MORE for name in top.properties)
    lone = [len(arrays), len(top.properties)]
    points = {member.path: _count_points(operation, member, lone) for member in arrays}
    best = max(points, key=lambda path: points[path])
    is_inside = len(best) > 1 and squash(best[0]) not in (*_ENVELOPES, *ITEM_FIELDS)
    is_paged = is_pageable or tells_more
    kind = "item" if operation.path.rstrip("/").endswith("}") or (is_inside and not is_paged) else "list"
    kind = "paged list" if kind == "list" and is_paged else kind
    is_record = kind == "item" and "id" in map(squash, top.properties) and not is_paged
    return best if points[best] >= _NEEDED_POINTS[kind] and not is_record else None


def may_list(operation: Operation) -> bool:
    """Whether an operation may be one that lists: a GET, or a POST whose name says that it searches."""
    names = f"{operation.path} {operation.operation_id}"
    return operation.method == "GET" or (operation.method == "POST" and bool(_LISTING_POST.search(names)))


def list_path_words(path: str) -> list[str]:
    """Return the fixed segments of a path, without endings such as .json; users.list is two."""
    parts = [re.sub(r"\.(json|xml|list)$", "", part) for part in path.split("/") if part and "{" not in part]
    return [word for part in parts for word in part.split(".") if word]


def _count_points(operation: Operation, member: NestedMember, lone: list[int]) -> int:
    name = squash(member.name)
    words = [squash(word) for word in list_path_words(operation.path)]
    last = words[-1] if words else ""
    nouns = {*words, *map(singular, words)}
    is_object = _read_entry(operation, member.shape).kind in ("object", "union", "any")
    depth = len(member.path) - 1
    envelope = 2 if depth and squash(member.path[0]) in _ENVELOPES else 0
    points = 6 if name in ITEM_FIELDS else 0
    points += 8 if name in nouns or singular(name) in nouns else 0
    points += 4 if last and name.endswith((last, singular(last))) else 0
    points += 3 if is_object else 0
    points += lone.count(1) * 2
    is_beside = name in SIDE_FIELDS or (name in TEXT_FIELDS and not is_object)
    points -= 6 if is_beside and name != last else 0
    return points - 4 * depth + envelope


def _read_entry(operation: Operation, listed: Shape) -> Shape:
    return read_items(operation.document, listed)
