"""Parse request bodies: JSON, nested forms, multipart, text and bytes."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pydantic_core import from_json

from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.http.request import SandboxRequest

CONTENT_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "text": "text/plain",
}
_BRACKET_NAME_PATTERN = prepare_pattern(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_MAX_DEPTH = 60


class BadBody(Exception):
    """An invalid body: the field to report, and the reason. Internal; mapped to an HTTP error in service.py."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """A parsed body: its data (an object when it has fields), and files by name.

    With `is_text_only` every value is text, as in a form.
    """

    data: Any
    is_text_only: bool = False
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def tree(self) -> dict[str, Any]:
        """The data as an object; empty for any other value."""
        return self.data if isinstance(self.data, dict) else {}


def parse_body(
    kind: str, request: SandboxRequest, *, use_brackets: bool, content_type: str | None = None
) -> ParsedBody:
    """Parse a body of a kind: json, form, multipart, text or binary, of a content type. Raises BadBody."""
    raw = request.body
    if not raw:
        return ParsedBody({})
    expected = content_type.partition(";")[0].strip().lower() if content_type else ""
    if request.content_type != expected if expected else not _matches_content_type(kind, request.content_type):
        raise BadBody(
            "Content-Type", f"Expected {expected or CONTENT_TYPES[kind]}; got {request.content_type or 'nothing'}."
        )
    if kind == "json":
        return ParsedBody(_parse_json(raw))
    if kind == "form":
        return ParsedBody(unflatten(_parse_pairs(raw), use_brackets=use_brackets), is_text_only=True)
    if kind == "multipart":
        return _parse_multipart(request, use_brackets=use_brackets)
    return ParsedBody(_decode_text(raw) if kind == "text" else raw, is_text_only=True)


def parse_any_body(request: SandboxRequest) -> ParsedBody:
    """Parse a body that no definition describes, by its content type. Raises BadBody."""
    kind = next(
        (kind for kind in ("json", "form", "multipart") if _matches_content_type(kind, request.content_type)), "binary"
    )
    return parse_body(kind, request, use_brackets=True)


def parse_form_pairs(request: SandboxRequest) -> list[tuple[str, str]]:
    """Return the name-value pairs of a form, in order. Raises BadBody."""
    if request.content_type != CONTENT_TYPES["form"]:
        raise BadBody("Content-Type", f"Expected {CONTENT_TYPES['form']}; got {request.content_type or 'nothing'}.")
    return _parse_pairs(request.body)


def _matches_content_type(kind: str, content_type: str) -> bool:
    if kind == "json":
        return content_type == CONTENT_TYPES["json"] or content_type.endswith("+json")
    if kind == "text":
        return content_type.startswith("text/")
    return kind == "binary" or content_type == CONTENT_TYPES[kind]


def _parse_json(raw: bytes) -> Any:
    try:
        return from_json(raw, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        raise BadBody("body", f"The body is not JSON: {str(error)[:120]}.") from None


def _decode_text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadBody("body", f"The body is not UTF-8 text (byte {error.start + 1}).") from None


def _parse_pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(_decode_text(raw), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise BadBody("body", "The form is not UTF-8 text.") from None


def _parse_multipart(request: SandboxRequest, *, use_brackets: bool) -> ParsedBody:
    from email import message_from_bytes, policy

    mime_header = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("latin-1", "replace")
    message = message_from_bytes(mime_header + request.body, policy=policy.HTTP)
    if not message.is_multipart():
        raise BadBody("body", "The body is not a multipart form: the boundary is missing.")
    pairs: list[tuple[str, Any]] = []
    files: dict[str, bytes] = {}
    for part in message.iter_parts():
        if not part.items() and not str(part.get_payload()).strip():
            continue  # a form without a part has its closing boundary alone
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(payload, bytes):
            raise BadBody("body", "A part of the multipart form has no name.")
        if part.get_filename() is not None:
            files[name] = payload
        elif part.get_content_type() == CONTENT_TYPES["json"]:
            pairs.append((name, _parse_json(payload)))
        else:
            pairs.append((name, payload.decode("utf-8", "replace")))
    return ParsedBody(unflatten(pairs, use_brackets=use_brackets), is_text_only=True, files=files)


def unflatten(pairs: Iterable[tuple[str, Any]], *, use_brackets: bool) -> dict[str, Any]:
    """Build an object from pairs: brackets or dots nest, a repeated name makes a list."""
    tree: dict[str, Any] = {}
    for name, text in pairs:
        path = _split_name(name, use_brackets=use_brackets)
        repeated = use_brackets and len(path) > 1 and path[-1] == ""
        names = list(path[:-1] if repeated else path)
        parents, last = names[:-1], names[-1]
        branch: Any = tree
        for parent in parents:
            branch = branch.setdefault(parent, {}) if isinstance(branch, dict) else None
        if isinstance(branch, dict):
            _add_value(branch, last, text, repeated=repeated)
        else:
            _add_value(tree, name, text, repeated=False)  # a name used as both a value and an object stays flat
    return {name: _convert_numbered(value) for name, value in tree.items()}


def _split_name(name: str, *, use_brackets: bool) -> tuple[str, ...]:
    if not use_brackets:
        path = tuple(name.split("."))
        return path if all(path) and len(path) <= _MAX_DEPTH else (name,)
    match = _BRACKET_NAME_PATTERN.match(name)
    inner = re.findall(r"\[([^\[\]]*)\]", match[2]) if match else []
    if match is None or len(inner) > _MAX_DEPTH or "" in inner[:-1]:
        return (name,)
    return (match[1], *inner)


def _add_value(branch: dict[str, Any], name: str, text: Any, *, repeated: bool) -> None:
    current = branch.get(name)
    if isinstance(current, list):
        current.append(text)
    elif current is None:
        branch[name] = [text] if repeated else text
    elif isinstance(current, str):
        branch[name] = [current, text]


def _convert_numbered(value: Any) -> Any:
    """Turn objects whose names count from 0 into lists, as in items[0][price]."""
    if not isinstance(value, dict):
        return value
    inner = {name: _convert_numbered(item) for name, item in value.items()}
    if inner and all(name == str(index) for index, name in enumerate(inner)):
        return list(inner.values())
    return inner
