"""The events of a description's webhooks, in the form of schemas/events: a body with the name of a type for each value.

What a value is comes from its format, from the examples, and from its name, in this order: an integer `event_ts` whose
example has 13 digits is a time in milliseconds.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.document import DanglingReferenceError
from connector.authoring.importing.evidence.inferred import Inferred
from connector.authoring.importing.evidence.paging_names import singular, squash
from connector.authoring.importing.evidence.scope_lists import read_scope_lists
from connector.authoring.importing.evidence.shapes import Shape, read_shape, read_text
from connector.definition.case import to_kebab_case
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from connector.authoring.importing.document import ApiDocument

_SECTIONS = ("webhooks", "x-webhooks")
_DEEPEST = 10
_FORMATS = {
    "date-time": "datetime", "datetime": "datetime", "date": "date", "email": "email", "uri": "url", "url": "url",
    "uuid": "uuid", "byte": "base64", "base64": "base64", "password": "secret",
}  # fmt: skip
_UUID = prepare_pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BY_EXAMPLE = (
    ("uuid", _UUID),
    ("datetime", prepare_pattern(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")),
    ("date", prepare_pattern(r"\d{4}-\d\d-\d\d")),
    ("email", prepare_pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("url", prepare_pattern(r"https?://\S+")),
    ("phone", prepare_pattern(r"\+\d{7,15}")),
)
_BY_NAME = (
    ("timezone", prepare_pattern(r"(^|_)time_?zone$")),
    ("secret", prepare_pattern(r"(password|passcode|secret|token|stream_key|host_key|_pin)$")),
    ("email", prepare_pattern(r"(^|_)email$")),
    ("url", prepare_pattern(r"(^|_)(url|uri|href)$")),
    ("phone", prepare_pattern(r"(^|_)(phone|phone_number|phone_numbers|did_number)$")),
    ("datetime", prepare_pattern(r"(^|_)(date_?time|start_time|end_time|created_at|updated_at|deleted_at)$")),
    ("base64", prepare_pattern(r"(^|_)uuids?$")),
)
_ID_NAME = prepare_pattern(r"(^|_)(id|ids|uuid|uuids|key|number)$")
_DIGITS, _BASE64 = prepare_pattern(r"\d{5,}"), prepare_pattern(r"[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{20,}={1,2}")
_FIRST_MILLISECOND = 10**12
_CHANGES = {"created": ("created", "added"), "updated": ("updated", "changed"), "deleted": ("deleted", "removed")}


@dataclass(frozen=True)
class _Payload:
    """The body of a webhook as its description has it."""

    document: ApiDocument
    name: str
    operation: dict[str, Any]
    properties: Mapping[str, Any]
    example: Any
    texts: str


def infer_events(documents: Iterable[ApiDocument]) -> dict[str, dict[str, Inferred]]:
    """Return the words of each event, by the name of its file in schemas/events and its own; the first one counts."""
    found: dict[str, dict[str, Inferred]] = {}
    documents = list(documents)
    payloads: dict[str, _Payload] = {}
    for document in documents:
        for name, webhook in _iter_webhooks(document):
            payload = _read_payload(document, name, webhook)
            if payload is not None:
                payloads.setdefault(payload.name, payload)
    name_fields = _find_name_fields(payloads.values())
    for name, payload in payloads.items():
        group = _name_group(payload.document, payload.operation, by_tag=len(documents) == 1)
        found.setdefault(group, {})[name] = _infer_event(payload, name_fields)
    return found


def infer_resource_events(resources: Mapping[str, Any], event_names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the events that changes of resources cause, by the names of both: user.created for users."""
    found: dict[str, dict[str, str]] = {}
    for event in event_names:
        subject, _, change = re.sub(r"[.:/_-](?=[^.:/_-]+$)", " ", event).partition(" ")
        for name in resources:
            word = next((word for word, names in _CHANGES.items() if change.lower() in names), None)
            if word and squash(subject) in (squash(name), singular(squash(name))):
                found.setdefault(name, {}).setdefault(word, event)
    return found


def list_webhooks(documents: Iterable[ApiDocument]) -> list[str]:
    """Return the names of all webhooks, also of those whose body says nothing of an event."""
    sections = (document.data.get(section) for document in documents for section in _SECTIONS)
    return list(dict.fromkeys(str(name) for section in sections if isinstance(section, dict) for name in section))


def _iter_webhooks(document: ApiDocument) -> Iterator[tuple[str, dict[str, Any]]]:
    for section in _SECTIONS:
        webhooks = document.data.get(section)
        for name, written in webhooks.items() if isinstance(webhooks, dict) else ():
            with suppress(DanglingReferenceError):
                item = document.follow_mapping(written)
                found = (one for one in item.values() if isinstance(one, dict) and "requestBody" in one)
                yield from ((str(name), operation) for operation in list(found)[:1])


def _name_group(document: ApiDocument, operation: dict[str, Any], *, by_tag: bool) -> str:
    """Return the name of an event's file: its tag, or the document's title where each document is a group."""
    tags = operation.get("tags")
    tag = next((tag for tag in tags if isinstance(tag, str)), "") if isinstance(tags, list) else ""
    stem = re.sub(
        r"[^a-z0-9]+", "-", to_kebab_case(re.sub(r"\s+", "-", (tag if by_tag else "") or document.title or tag)).lower()
    ).strip("-")
    return stem or "events"


def _read_payload(document: ApiDocument, name: str, operation: dict[str, Any]) -> _Payload | None:
    body: dict[str, Any] = {}
    with suppress(DanglingReferenceError):
        body = document.follow_mapping(operation["requestBody"])
    content = body.get("content")
    kinds = content.items() if isinstance(content, dict) else ()
    media = next((one for kind, one in kinds if "json" in kind and isinstance(one, dict)), None)
    if media is None:
        return None
    shape = read_shape(document, media.get("schema"))
    if shape.kind not in ("object", "union") or not shape.properties:
        return None
    texts = " ".join(read_text(one.get("description")) + "\n" for one in (operation, body))
    return _Payload(document, name, operation, shape.properties, _read_example(document, media), texts)


def _find_name_fields(payloads: Collection[_Payload]) -> set[str]:
    """Return the members that hold the event's own name in half of the events, which then hold it in all of them."""
    counts = Counter(key for payload in payloads for key in payload.properties if _is_name(payload, key))
    return {key for key, count in counts.items() if 2 * count >= len(payloads)}


def _infer_event(payload: _Payload, name_fields: set[str]) -> Inferred:
    example = payload.example
    members = {
        key: _infer_type(payload.document, schema, key, _get(example, key), 0)
        for key, schema in payload.properties.items()
        if key not in name_fields and not _is_name(payload, key)
    }
    evidence = f"the schema of its body{' and its example' if example is not None else ''}"
    return Inferred({"scopes": read_scope_lists(payload.texts), "body": members}, (evidence,))


def _read_example(document: ApiDocument, media: dict[str, Any]) -> Any:
    written = media.get("examples")
    entries: list[dict[str, Any]] = []
    for one in written.values() if isinstance(written, dict) else ():
        with suppress(DanglingReferenceError):
            entries.append(document.follow_mapping(one))
    values = [media.get("example"), *(one.get("value") for one in entries)]
    value = next((one for one in values if one is not None), None)
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return None
    return value


def _get(example: Any, key: str) -> Any:
    return example.get(key) if isinstance(example, dict) else None


def _is_name(payload: _Payload, key: str) -> bool:
    """Whether a member holds the event's own name, which the trigger puts there."""
    words = payload.document.resolve(payload.properties[key])
    known = (_get(payload.example, key), words.get("const"), words.get("example"), *(words.get("enum") or ()))
    return payload.name in known


def _infer_type(document: ApiDocument, schema: Any, name: str, example: Any, depth: int) -> Any:
    """Return the type of a value: a name, a mapping of members, or a list of one."""
    shape = read_shape(document, schema)
    example = shape.example if example is None else example
    if depth > _DEEPEST:
        return {} if shape.kind == "object" else [] if shape.kind == "array" else "string"
    if shape.properties and shape.kind in ("object", "union"):
        return {
            key: _infer_type(document, inner, key, _get(example, key), depth + 1)
            for key, inner in shape.properties.items()
        }
    if shape.kind == "array":
        first = example[0] if isinstance(example, list) and example else None
        is_told = bool(shape.words.get("items")) or first is not None
        return [_infer_type(document, shape.words.get("items"), name, first, depth + 1)] if is_told else []
    if shape.kind == "object":
        return {}
    return _infer_scalar(shape, name, example)


def _infer_scalar(shape: Shape, name: str, example: Any) -> str:
    kind = shape.kind if shape.kind in ("integer", "number", "boolean") else "string"
    folded = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    if kind == "integer":
        is_moment = isinstance(example, int) and example >= _FIRST_MILLISECOND and not re.search(r"id$|number", folded)
        if is_moment or re.search(r"(^|_)(event_ts|time_?stamp)$", folded):
            return "milliseconds"
        is_id = re.search(r"(^|_)id$", folded) or re.search(r"(meeting|webinar)_number$", folded)
        return "integer id" if is_id else "integer"
    if kind != "string" or isinstance(shape.words.get("enum"), list):
        return kind
    known = _FORMATS.get(str(shape.words.get("format")))
    if known is not None:
        return known
    text = example if isinstance(example, str) else ""
    if folded.endswith("jid"):  # of XMPP; it looks like an email address, and nobody reads mail there
        return "id"
    by_example = next((found for found, pattern in _BY_EXAMPLE if pattern.fullmatch(text)), None)
    by_name = next((found for found, pattern in _BY_NAME if pattern.search(folded)), None)
    if by_name == "secret" or by_example is None:
        if by_name in (None, "base64") and _ID_NAME.search(folded):
            return _infer_id(folded, text, by_name)
        return by_name or "string"
    return by_example


def _infer_id(name: str, text: str, by_name: str | None) -> str:
    """Return the type of a text that identifies something."""
    if _DIGITS.fullmatch(text) and not name.endswith("number"):
        return "digits"
    if _BASE64.fullmatch(text):
        return "base64"
    return by_name or ("id" if re.search(r"(^|_)ids?$", name) else "string")
