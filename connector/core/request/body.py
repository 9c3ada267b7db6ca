"""The body of a request: a recipe that opens anew for each sending, and the pairs that queries and forms carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.core.redaction import Redactor
    from connector.definition.action import Action

FORM = "application/x-www-form-urlencoded"
_LISTS = {"repeat": "{name}", "brackets": "{name}[]"}


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A part of a multipart body: a field, or a file with its name. The data opens anew for each sending."""

    name: str
    data: Any
    file_name: str | None = None


def opened(data: Any) -> Any:
    """Return data ready to be read from its beginning: a recipe opened, a file rewound, all else as it is."""
    if hasattr(data, "open_again"):
        return data.open_again()
    if hasattr(data, "seekable") and data.seekable():
        data.seek(0)
    return data


def _once(data: Any) -> bool:
    """Whether data can be read one time only."""
    if not hasattr(data, "read") or hasattr(data, "open_again"):
        return False
    return not (hasattr(data, "seekable") and data.seekable())


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """The recipe of a body: what it says, and as what it is sent. Opens anew for each sending."""

    kind: str  # json, form, multipart, text or binary
    value: Any
    content_type: str | None

    def content(self) -> bytes:
        """Return the bytes to send; a multipart body is put together by the HTTP library instead."""
        if self.kind == "json":
            return to_json(self.value)
        if self.kind == "form":
            return urlencode(self.value).encode()
        if hasattr(self.value, "read"):
            return bytes(opened(self.value).read())
        return self.value.encode() if isinstance(self.value, str) else bytes(self.value)

    @property
    def once(self) -> bool:
        """Whether it can be sent one time only, because it reads from a stream."""
        return any(_once(part.data) for part in self.value) if self.kind == "multipart" else _once(self.value)


def shown_body(body: Body, safe: Redactor) -> Any:
    """Return a body as JSON-safe data without secrets; bytes and files by their size alone."""
    if body.kind == "multipart":
        shown = safe.pairs((part.name, _size(part.data)) for part in body.value)
        names = [part.file_name and safe.text(part.file_name) for part in body.value]
        return [{"name": name, "file_name": own, "data": data} for (name, data), own in zip(shown, names, strict=True)]
    return safe.pairs(body.value) if body.kind == "form" else safe.data(_size(body.value))


def _size(data: Any) -> Any:
    if isinstance(data, bytes):
        return f"{len(data)} bytes"
    return "a file" if hasattr(data, "read") or hasattr(data, "open_again") else data


def encoded(action: Action, value: Any) -> Body:
    """Return a value as the body that an action sends."""
    if action.sends == "form":
        return Body("form", flat(value, action), FORM)
    kinds = {"text": "text/plain; charset=utf-8", "binary": "application/octet-stream"}
    return Body(action.sends, value, kinds.get(action.sends, "application/json"))


def flat(tree: Mapping[str, Any], action: Action) -> list[tuple[str, str]]:
    """Return a nested body as the pairs of a form."""
    return [pair for name, value in tree.items() for pair in named((name,), value, action)]


def named(path: tuple[str, ...], value: Any, action: Action) -> list[tuple[str, str]]:
    """Return the pairs of what stands at a path of a query or form: names in brackets, or joined with dots.

    A list of mappings is numbered from 0; null is sent as nothing after the equals sign.
    """
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list | tuple) and any(isinstance(item, dict | list | tuple) for item in value):
        inner = enumerate(value)
    else:
        name = path[0] + "".join(f"[{one}]" if action.form_nesting == "brackets" else f".{one}" for one in path[1:])
        return [(name, "")] if value is None else listed(name, value, action.lists)
    return [pair for name, item in inner for pair in named((*path, str(name)), item, action)]


def wire(value: Any) -> str:
    """Return a value as the text that a query, form or header carries."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def listed(name: str, value: Any, lists: str) -> list[tuple[str, str]]:
    """Return the pairs of one value: a list is repeated, joined with commas, or named with brackets."""
    if not isinstance(value, list | tuple):
        return [(name, wire(value))]
    if lists == "comma":
        return [(name, ",".join(map(wire, value)))]
    return [(_LISTS[lists].format(name=name), wire(item)) for item in value]
