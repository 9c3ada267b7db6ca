"""Bodies as they come in -> data: JSON, forms with names inside names, multipart, text, bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.http.request import Incoming

MEDIA = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "text": "text/plain",
}
_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_DEEPEST = 60


class Unreadable(Exception):
    """A body that is not what it should be: the field to name, and why. It never leaves the room."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name, self.why = name, why


@dataclass(frozen=True, slots=True)
class Content:
    """What a body says: its data (an object where it has fields), and the files of a multipart body by name.

    `textual` says that every value is text, as in a form.
    """

    data: Any
    textual: bool = False
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def tree(self) -> dict[str, Any]:
        """The data as an object; empty when it is none."""
        return self.data if isinstance(self.data, dict) else {}


def read(kind: str, request: Incoming, *, brackets: bool) -> Content:
    """Read a body that is to be json, form, multipart, text or binary. Raises Unreadable."""
    raw = request.body
    if not raw:
        return Content({})
    if not _fits(kind, request.media):
        raise Unreadable("Content-Type", f"Expected {MEDIA[kind]}; got {request.media or 'nothing'}.")
    if kind == "json":
        return Content(_json(raw))
    if kind == "form":
        return Content(nested(_pairs(raw), brackets=brackets), textual=True)
    if kind == "multipart":
        return _multipart(request, brackets=brackets)
    return Content(_text(raw) if kind == "text" else raw, textual=True)


def read_any(request: Incoming) -> Content:
    """Read a body that no definition describes, by its content type. Raises Unreadable."""
    kind = next((kind for kind in ("json", "form", "multipart") if _fits(kind, request.media)), "binary")
    return read(kind, request, brackets=True)


def flat(request: Incoming) -> list[tuple[str, str]]:
    """Return the pairs of a form as they stand, in order. Raises Unreadable."""
    if request.media != MEDIA["form"]:
        raise Unreadable("Content-Type", f"Expected {MEDIA['form']}; got {request.media or 'nothing'}.")
    return _pairs(request.body)


def _fits(kind: str, media: str) -> bool:
    if kind == "json":
        return media == MEDIA["json"] or media.endswith("+json")
    if kind == "text":
        return media.startswith("text/")
    return kind == "binary" or media == MEDIA[kind]


def _json(raw: bytes) -> Any:
    try:
        return from_json(raw, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        raise Unreadable("body", f"The body is not JSON: {str(error)[:120]}.") from None


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("body", f"The body is not UTF-8 text: look at byte {error.start + 1}.") from None


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(_text(raw), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Unreadable("body", "The form is not UTF-8 text.") from None


def _multipart(request: Incoming, *, brackets: bool) -> Content:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("latin-1", "replace")
    message = message_from_bytes(head + request.body, policy=policy.HTTP)
    if not message.is_multipart():
        raise Unreadable("body", "The body is not a multipart form: its boundary is missing.")
    pairs, files = [], {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        held = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(held, bytes):
            raise Unreadable("body", "A part of the multipart form has no name.")
        if part.get_filename() is not None:
            files[name] = held
        else:
            pairs.append((name, held.decode("utf-8", "replace")))
    return Content(nested(pairs, brackets=brackets), textual=True, files=files)


def nested(pairs: Iterable[tuple[str, str]], *, brackets: bool) -> dict[str, Any]:
    """Return pairs as an object: names inside names by brackets or dots, a name that repeats as a list."""
    tree: dict[str, Any] = {}
    for name, text in pairs:
        path = _path(name, brackets=brackets)
        many = brackets and len(path) > 1 and path[-1] == ""
        *parents, last = path[:-1] if many else path
        branch: Any = tree
        for parent in parents:
            branch = branch.setdefault(parent, {}) if isinstance(branch, dict) else None
        if isinstance(branch, dict):
            _add(branch, last, text, many=many)
        else:
            _add(tree, name, text, many=False)  # a name that is both a value and an object stays as it is
    return {name: _numbered(value) for name, value in tree.items()}


def _path(name: str, *, brackets: bool) -> tuple[str, ...]:
    if not brackets:
        path = tuple(name.split("."))
        return path if all(path) and len(path) <= _DEEPEST else (name,)
    match = _BRACKETS.match(name)
    inner = re.findall(r"\[([^\[\]]*)\]", match[2]) if match else []
    if match is None or len(inner) > _DEEPEST or "" in inner[:-1]:
        return (name,)
    return (match[1], *inner)


def _add(branch: dict[str, Any], name: str, text: str, *, many: bool) -> None:
    held = branch.get(name)
    if isinstance(held, list):
        held.append(text)
    elif held is None:
        branch[name] = [text] if many else text
    elif isinstance(held, str):
        branch[name] = [held, text]


def _numbered(value: Any) -> Any:
    """Return objects whose names count from 0 as lists: items[0][price]."""
    if not isinstance(value, dict):
        return value
    inner = {name: _numbered(item) for name, item in value.items()}
    if inner and all(name == str(place) for place, name in enumerate(inner)):
        return list(inner.values())
    return inner
