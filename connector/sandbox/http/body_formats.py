"""Write data in the format of a reply: CSV, JSON lines, XML, text or bytes."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from connector.core.response.formats.xml_tree import ATTRIBUTE_PREFIX, TEXT_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xml": "application/xml; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}


def encode_body(body_type: str, value: Any) -> tuple[bytes, str]:
    """Return the body of a type, and its Content-Type. A text is the body itself."""
    content_type = _CONTENT_TYPES.get(body_type, "application/octet-stream")
    if isinstance(value, str):
        return value.encode(), content_type
    encode = {"csv": _encode_csv, "ndjson": _encode_json_lines, "xml": _encode_xml}.get(body_type, to_json)
    return encode(value), content_type


def _encode_csv(rows: Any) -> bytes:
    """Return rows with a header of all their names, in order of appearance."""
    rows = rows if isinstance(rows, list) else []
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_to_text(row.get(name)) for name in names] for row in rows)
    return out.getvalue().encode()


def _encode_json_lines(values: Any) -> bytes:
    return b"".join(to_json(value) + b"\n" for value in (values if isinstance(values, list) else [values]))


def _encode_xml(data: Any) -> bytes:
    elements = "".join(text for name, value in dict(data or {}).items() for text in _iter_elements(name, value))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{elements}'.encode()


def _iter_elements(name: str, value: Any) -> Iterator[str]:
    """Yield the element of a value; of a list, that of each item."""
    from xml.sax.saxutils import escape, quoteattr  # which load a client of HTTP, for few replies

    if isinstance(value, list):
        for item in value:
            yield from _iter_elements(name, item)
        return
    members = value if isinstance(value, dict) else {TEXT_NAME: value}
    attributes = "".join(
        f" {key.removeprefix(ATTRIBUTE_PREFIX)}={quoteattr(_to_text(item))}"
        for key, item in members.items()
        if key.startswith(ATTRIBUTE_PREFIX)
    )
    text = escape(_to_text(members.get(TEXT_NAME)))
    children = "".join(
        part
        for key, item in members.items()
        if key != TEXT_NAME and not key.startswith(ATTRIBUTE_PREFIX)
        for part in _iter_elements(key, item)
    )
    yield f"<{name}{attributes}>{text}{children}</{name}>"


def _to_text(value: Any) -> str:
    """Return a value as a text: nothing for null, and numbers and booleans as JSON has them."""
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value).decode()
