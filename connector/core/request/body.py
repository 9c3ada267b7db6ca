"""Request bodies, multipart parts, and the name/value pairs of queries and forms."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic_core import to_json

from connector.core.json_path import set_at
from connector.core.request.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.core.redaction import Redactor
    from connector.definition.action import Action

FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"
JSON_CONTENT_TYPE = "application/json"
_CONTENT_TYPES = {
    "form": FORM_CONTENT_TYPE,
    "text": "text/plain; charset=utf-8",
    "binary": "application/octet-stream",
}
_LIST_NAME_FORMATS = {"repeat": "{name}", "brackets": "{name}[]"}


@fixed
class MultipartPart:
    """A part of a multipart body: a field, a file with its name, or JSON. The data is reopened for each attempt."""

    name: str
    data: Any
    file_name: str | None = None
    content_type: str | None = None  # where it is none of a text or a file

    @property
    def content(self) -> Any:
        """The data as it is sent."""
        return to_json(self.data) if self.content_type == JSON_CONTENT_TYPE else self.data


def reopen(data: Any) -> Any:
    """Return data ready to be read from the start: an upload reopened, a file rewound, other data unchanged."""
    if hasattr(data, "open_again"):
        return data.open_again()
    if hasattr(data, "seekable") and data.seekable():
        data.seek(0)
    return data


def _is_single_use(data: Any) -> bool:
    """Whether data can be read only once."""
    if not hasattr(data, "read") or hasattr(data, "open_again"):
        return False
    return not (hasattr(data, "seekable") and data.seekable())


@fixed
class Body:
    """A request body: its kind, value and content type. Its data is reopened for each attempt."""

    kind: str  # json, form, multipart, text or binary
    value: Any
    content_type: str | None

    def to_bytes(self) -> bytes:
        """Return the bytes to send; the HTTP library encodes a multipart body instead."""
        if self.kind == "json":
            return to_json(self.value)
        if self.kind == "form":
            return urlencode(self.value).encode()
        if hasattr(self.value, "read"):
            return bytes(reopen(self.value).read())
        return self.value.encode() if isinstance(self.value, str) else bytes(self.value)

    @property
    def is_single_use(self) -> bool:
        """Whether the body can be sent only once, because it reads a stream."""
        return (
            any(_is_single_use(part.data) for part in self.value)
            if self.kind == "multipart"
            else _is_single_use(self.value)
        )


def redact_body(body: Body, redactor: Redactor, max_length: int | None = None) -> Any:
    """Return a body as JSON-safe data without secrets, texts shortened; bytes and files are summarized."""
    if body.kind == "multipart":
        fields = redactor.redact_pairs(((part.name, _summarize_data(part.data)) for part in body.value), max_length)
        file_names = [part.file_name and redactor.mask_text(part.file_name) for part in body.value]
        return [
            {"name": name, "file_name": file_name, "data": data}
            for (name, data), file_name in zip(fields, file_names, strict=True)
        ]
    if body.kind == "form":
        return redactor.redact_pairs(body.value, max_length)
    return redactor.redact_data(_summarize_data(body.value), max_length)


def _summarize_data(data: Any) -> Any:
    if isinstance(data, bytes):
        return f"{len(data)} bytes"
    return "a file" if hasattr(data, "read") or hasattr(data, "open_again") else data


def encode_body(action: Action, value: Any) -> Body:
    """Encode a value as the body of an action."""
    kind = action.body
    content_type = action.content_type or _CONTENT_TYPES.get(kind, JSON_CONTENT_TYPE)
    return Body(kind, flatten_form(value, action) if kind == "form" else value, content_type)


def add_body_fields(action: Action, body: Body | None, fields: Iterable[tuple[tuple[str, ...], Any]]) -> Body | None:
    """Return a body with more fields; a text, a file or a list, which has no fields, stays as it is."""
    tree: Any = {}
    for path, value in fields:
        tree = set_at(tree, path, value)
    if body is None:
        return (
            encode_body(action, tree)
            if action.body != "multipart"
            else Body("multipart", _to_parts(tree, action), None)
        )
    if body.kind == "json" and isinstance(body.value, dict):
        data = body.value
        for path, value in fields:
            data = set_at(data, path, value)
        return replace(body, value=data)
    if body.kind == "form":
        return replace(body, value=[*body.value, *flatten_form(tree, action)])
    if body.kind == "multipart":
        return replace(body, value=[*body.value, *_to_parts(tree, action)])
    return body


def _to_parts(tree: Mapping[str, Any], action: Action) -> list[MultipartPart]:
    return [MultipartPart(name, value) for name, value in flatten_form(tree, action)]


def flatten_form(tree: Mapping[str, Any], action: Action) -> list[tuple[str, str]]:
    """Flatten a nested body to form pairs."""
    return [pair for name, value in tree.items() for pair in encode_pairs((name,), value, action)]


def encode_pairs(path: tuple[str, ...], value: Any, action: Action) -> list[tuple[str, str]]:
    """Encode the value at a path of a query or form as pairs: nested names in brackets, or joined with dots.

    The items of a list of mappings are numbered from 0; null is sent as an empty value.
    """
    entries: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list | tuple) and any(isinstance(item, dict | list | tuple) for item in value):
        entries = enumerate(value)
    else:
        name = join_name(path, action)
        return [(name, "")] if value is None else encode_list(name, value, action.lists)
    return [pair for name, item in entries for pair in encode_pairs((*path, str(name)), item, action)]


def join_name(path: tuple[str, ...], action: Action) -> str:
    """Return the name of a path in a query or form: nested names in brackets, or joined with dots."""
    nested = (f"[{segment}]" if action.form_nesting == "brackets" else f".{segment}" for segment in path[1:])
    return path[0] + "".join(nested)


def to_wire_text(value: Any) -> str:
    """Return a value as the text of a query, form or header; data is JSON, in ASCII as headers need it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) else str(value)


def encode_list(name: str, value: Any, list_style: str) -> list[tuple[str, str]]:
    """Encode one value as pairs; the name of a list is repeated, gets brackets, or holds items joined with commas."""
    if not isinstance(value, list | tuple):
        return [(name, to_wire_text(value))]
    if list_style == "comma":
        return [(name, ",".join(map(to_wire_text, value)))]
    return [(_LIST_NAME_FORMATS[list_style].format(name=name), to_wire_text(item)) for item in value]
