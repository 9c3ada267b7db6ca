"""Read the body of a reply as the data of its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.response.decoding import (
    DecodedBody,
    UnreadableBody,
    build_unreadable,
    decode_text,
    is_labelled_json,
    parse_json,
)
from connector.core.response.formats.csv_rows import parse_csv
from connector.core.response.formats.json_lines import parse_json_lines
from connector.core.response.formats.xml_tree import ListPaths, find_declared_encoding, parse_xml
from connector.definition.action import DATA_TYPES
from connector.definition.json_path import parse_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.response.reply import Reply
    from connector.definition.action import Action

FORMAT_NAMES = {"json": "JSON", "csv": "CSV", "ndjson": "JSON lines", "xml": "XML"}
OTHER_DATA_TYPES = tuple(one for one in DATA_TYPES if one != "json")
_JSON_SIGNS = (b"{", b"[")
_WHITESPACE = b"\xef\xbb\xbf \t\r\n"


def parse_body(reply: Reply, reply_type: str, list_paths: ListPaths = frozenset()) -> DecodedBody:
    """Return the data of a body of a type. Raises UnreadableBody."""
    try:
        if reply_type == "csv":
            text, warnings = decode_text(reply)
            rows, told = parse_csv(text, reply.media_type)
            return DecodedBody(rows, (*warnings, *told))
        if reply_type == "ndjson":
            text, warnings = decode_text(reply)
            values, told = parse_json_lines(text.encode())
            return DecodedBody(values, (*warnings, *told))
        if reply_type == "xml":
            text, warnings = decode_text(reply, find_declared_encoding(reply.body))
            return DecodedBody(parse_xml(text.encode(), list_paths), warnings)
    except ValueError as error:
        raise build_unreadable(reply, FORMAT_NAMES[reply_type], error) from None
    return parse_json(reply)


def parse_error_body(reply: Reply) -> DecodedBody:
    """Return the data of an error, which is JSON, or XML by its label or first sign. Raises UnreadableBody."""
    return parse_body(reply, "xml" if _is_xml(reply) else "json")


def find_foreign_json(reply: Reply, reply_type: str) -> Any:
    """Return the JSON data of a reply of another type: an object or list in its place, such as an error; else None.

    A line of JSON is no other type to JSON lines, unless its label says that it is one document.
    """
    if reply_type not in OTHER_DATA_TYPES or not reply.body.lstrip(_WHITESPACE).startswith(_JSON_SIGNS):
        return None
    if reply_type == "ndjson" and not is_labelled_json(reply):
        return None
    try:
        return parse_json(reply).value
    except UnreadableBody:
        return None


def list_declared_paths(action: Action) -> ListPaths:
    """Return the places of a reply that are lists: by the action's example, and by its words."""
    paths = {path for path, value in _iter_lists(action.returns.example, ())}
    partial = action.returns.partial
    words = (
        action.pagination.items if action.pagination else None,
        partial.list_path if partial else None,
        partial.done if partial else None,
    )
    return frozenset(paths | {parse_path(word) for word in words if word})


def _iter_lists(data: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(data, list):
        yield path, data
        for item in data:
            yield from _iter_lists(item, path)
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from _iter_lists(value, (*path, str(name)))


def _is_xml(reply: Reply) -> bool:
    if reply.media_type.endswith(("/xml", "+xml")) and "html" not in reply.media_type:
        return True
    return reply.body.lstrip(_WHITESPACE).startswith(b"<?xml")
