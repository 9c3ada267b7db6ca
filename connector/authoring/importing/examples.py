"""Examples of replies and bodies: the vendor's where they fit their own schema, else made to fit it.

The same description gives the same examples. What the vendor wrote is kept member by member: one wrong value in a
good example is replaced, and nothing else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from connector.authoring.importing.evidence.made_texts import make_number, make_text
from connector.authoring.importing.evidence.shapes import SCALARS, Shape, name_kind, read_shape, read_text
from connector.core.json_path import get_at_path, has_path, set_at_path
from connector.definition.json_path import parse_path, parse_reply_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.authoring.importing.description import Operation
    from connector.authoring.importing.document import ApiDocument

_ABSENT: Final = object()
_MOST_ENTRIES = 2  # of a list: an example shows what it holds, not how much
_MOST_MEMBERS = 60
_LONGEST_TEXT = 200
_MOST_VALUES = 5000  # of an example: schemas that need one another can ask for any number of them
_WHOLE_DEPTH, _DEEPEST = 3, 8
_NUMBERS = ("integer", "number")


class _Trail:
    """The names of the schemas that led to a value, and how many values the whole example may still have."""

    def __init__(self, names: tuple[str, ...] = (), left: Iterator[int] | None = None) -> None:
        self.names = names
        self._left = iter(range(_MOST_VALUES)) if left is None else left

    def enter(self, name: str) -> _Trail:
        """Return the trail within a schema of this name, which may be empty."""
        return _Trail((*self.names, name), self._left)

    def is_at_end(self) -> bool:
        """Whether nothing more is made here; to ask counts one value."""
        return len(self.names) > _DEEPEST or next(self._left, None) is None


def make_example(document: ApiDocument, schema: Any, offered: Any = None, *, name: str = "") -> Any:
    """Return an example that fits a schema: of what is offered, of the schema's own examples, else made."""
    given = _ABSENT if offered is None else _read_offer(document, schema, offered)
    return _fit(document, schema, given, name, _Trail())


def make_reply_example(operation: Operation, pagination: Mapping[str, Any] | None = None) -> Any:
    """Return an example of an operation's reply; of a list, a page that is not the last one. None for no JSON.

    `pagination` are the words of the list, as they are inferred: each place they name is there.
    """
    reply = operation.success
    if reply is None or (not reply.schema and reply.example is None):
        return None
    document = operation.document
    example = make_example(document, reply.schema, reply.example)
    return _show_page(document, reply.schema, example, pagination) if pagination else example


def _read_offer(document: ApiDocument, schema: Any, offered: Any) -> Any:
    """Return what was offered as data: some descriptions write the example of an object as a text."""
    if isinstance(offered, str) and read_shape(document, schema).kind in ("object", "array"):
        try:
            return json.loads(offered)
        except ValueError:
            return _ABSENT
    return offered


def _fit(document: ApiDocument, schema: Any, given: Any, name: str, trail: _Trail) -> Any:
    """Return a value of a schema that keeps as much of the given one as fits."""
    shape = read_shape(document, schema)
    if given is None:
        if shape.words.get("nullable") or shape.kind == "any":
            return None
        given = _ABSENT
    if given is _ABSENT and shape.example is not None:
        given = _read_offer(document, schema, shape.example)
    trail = trail.enter(document.ref_name(schema) or "")
    if shape.kind == "object":
        return _fit_object(document, shape, given, trail)
    if shape.kind == "array":
        return _fit_list(document, shape, given, name, trail)
    if shape.kind in ("any", "union"):
        return _fit_any(document, shape, given, name, trail)
    if given is _ABSENT or not fits_scalar(shape, given):
        return _make_scalar(shape, name)
    return f"{given[:_LONGEST_TEXT]}..." if isinstance(given, str) and len(given) > 2 * _LONGEST_TEXT else given


def _fit_object(document: ApiDocument, shape: Shape, given: Any, trail: _Trail) -> Any:
    is_closed = shape.words.get("additionalProperties") is False
    is_of_another = (
        isinstance(given, dict) and given and shape.properties and not given.keys() & shape.properties.keys()
    )
    if isinstance(given, dict) and not (is_of_another and not shape.words.get("additionalProperties")):
        return {
            name: _fit(document, shape.properties[name], value, name, trail) if name in shape.properties else value
            for name, value in list(given.items())[:_MOST_MEMBERS]
            if isinstance(name, str) and (name in shape.properties or not is_closed)
        }
    required = shape.words.get("required")
    names = set(required) if isinstance(required, list) else set()
    if trail.is_at_end():
        return {}
    first = dict(list(shape.properties.items())[:_MOST_MEMBERS])
    if any(trail.names.count(name) > 1 for name in trail.names if name):
        names |= {name for name, schema in first.items() if read_shape(document, schema).kind in SCALARS}
    elif len(trail.names) <= _WHOLE_DEPTH:
        names |= set(first)
    made = {name: schema for name, schema in shape.properties.items() if name in names}
    return {name: _fit(document, schema, _ABSENT, name, trail) for name, schema in made.items()}


def _fit_list(document: ApiDocument, shape: Shape, given: Any, name: str, trail: _Trail) -> Any:
    entry = shape.words.get("items", {})
    if isinstance(given, list):
        return [_fit(document, entry, value, name, trail) for value in given[:_MOST_ENTRIES]]
    if trail.is_at_end() or (trail.names[-1] and trail.names.count(trail.names[-1]) > 1):
        return []
    return [_fit(document, entry, _ABSENT, name, trail)]


def _fit_any(document: ApiDocument, shape: Shape, given: Any, name: str, trail: _Trail) -> Any:
    if not shape.variants:
        return {} if given is _ABSENT else given
    best = next((one for one in shape.variants if _is_of_kind(read_shape(document, one), given)), shape.variants[0])
    if trail.is_at_end():
        return None
    return _fit(document, best, given, name, trail)


def _is_of_kind(shape: Shape, value: Any) -> bool:
    if value is _ABSENT:
        return False
    kind = name_kind(value)
    if kind == "object":
        return shape.kind == kind and set(value) <= set(shape.properties or value)
    return shape.kind == kind or (shape.kind == "number" and kind == "integer")


def fits_scalar(shape: Shape, value: Any) -> bool:
    """Whether a value has the kind of a scalar and is one of its listed values, where it lists them."""
    listed = shape.words.get("enum")
    kind = name_kind(value)
    is_kind = kind == shape.kind or (shape.kind == "number" and kind == "integer")
    return is_kind and (not isinstance(listed, list) or value in listed)


def _make_scalar(shape: Shape, name: str) -> Any:
    words = shape.words
    listed = words["enum"] if isinstance(words.get("enum"), list) else [words["const"]] if "const" in words else []
    candidates = [words.get("default"), *listed]
    offered = next((value for value in candidates if value is not None and fits_scalar(shape, value)), None)
    if offered is not None:
        return offered
    if shape.kind == "boolean":
        return True
    if shape.kind in _NUMBERS:
        return make_number(words, is_integer=shape.kind == "integer")
    return make_text(name, words) or "example"


def _show_page(document: ApiDocument, schema: Any, example: Any, pagination: Mapping[str, Any]) -> Any:
    """Return the example with each place that its paging reads: an entry, a next cursor, flags that say "more"."""
    items = str(pagination.get("items", "."))
    entries = get_at_path(example, items)
    if not isinstance(entries, list) or not entries:
        shape = read_shape(document, schema)
        for name in parse_path(items):
            shape = read_shape(document, shape.properties.get(name))
        example = _put(example, items, [_fit(document, shape.words.get("items"), _ABSENT, "", _Trail())])
    style = pagination.get("style")
    if style == "last_item":
        example = _put_in_entries(example, items, str(pagination["next"]))
    elif style in ("cursor", "next_url"):
        cursor = get_at_path(example, str(pagination["next"])) if _is_in_data(pagination["next"]) else None
        made = "https://example.com/next" if style == "next_url" else "abc123"
        if not isinstance(cursor, str | int) or isinstance(cursor, bool) or cursor in ("", 0):
            example = _put(example, str(pagination["next"]), made)
    for word, value in (("has_more", True), ("is_last", False)):
        if pagination.get(word):
            example = _put(example, str(pagination[word]), value)
    total = pagination.get("total")
    if total and (not _is_in_data(total) or not isinstance(get_at_path(example, str(total)), int)):
        example = _put(example, str(total), 100)
    return example


def _is_in_data(path: Any) -> bool:
    return parse_reply_path(read_text(path)).header is None


def _put(example: Any, path: str, value: Any) -> Any:
    if path == ".":
        return value
    if not _is_in_data(path):
        return example
    return set_at_path(example if isinstance(example, dict) else {}, path, value)


def _put_in_entries(example: Any, items: str, path: str) -> Any:
    entries = get_at_path(example, items)
    filled = [
        entry
        if has_path(entry, path)
        else set_at_path(entry if isinstance(entry, dict) else {}, path, f"abc12{number}")
        for number, entry in enumerate(entries, 3)
    ]
    return _put(example, items, filled)
