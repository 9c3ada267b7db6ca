"""Sample event bodies, built from the event's types and the connector's own examples.

Identifying values are derived from a seed and a count.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at_path, has_path, set_at_path
from connector.core.webhook.times import format_time
from connector.definition.forms.action_heads import iter_valid_actions
from connector.definition.json_path import parse_reply_path
from connector.sandbox.data import ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.events import EventType
    from connector.definition.loader import Connector
    from connector.definition.trigger import Trigger

_PYTHON_TYPES: dict[str, type] = {"integer": int, "number": float, "boolean": bool, "integer id": int}
_REUSABLE_TYPES = ("string", "integer", "number", "boolean", "id", "integer id", "digits", "email", "url", "timezone")
_IDENTITY_TYPES = {"string": "id", "integer": "integer id", "number": "integer id"}  # types of which each value differs
_NON_TEXT_TYPES = (*_PYTHON_TYPES, "milliseconds")


class EventSamples:
    """Builds sample bodies of a trigger's events, all of the same account and hosts.

    The same `seed` and count give the same identifying values. By default each process has a seed of its own, so that
    no two processes build the same event.
    """

    def __init__(self, connector: Connector, trigger: Trigger, seed: str | None = None) -> None:
        self._event_fields, self._seed = trigger.event, seed
        paths = [*trigger.subject_paths, *trigger.identity.id]
        self._identity_fields = {path.rpartition(".")[2] for path in paths if parse_reply_path(path).header is None}
        object_path = trigger.event.object or "."
        envelope_paths = [path for path in trigger.identity.id if not path.startswith(f"{object_path}.")]
        envelope_paths += [path for path in (trigger.event.name, trigger.event.at) if path is not None]
        self._envelope_paths = [path for path in envelope_paths if parse_reply_path(path).header is None]
        self._example_values: dict[tuple[str, type], Any] = {}
        for name, value in _iter_example_values(connector):
            self._example_values.setdefault((name, type(value)), value)

    def build_body(self, event_kind: EventType, now: float, count: int = 1) -> dict[str, Any]:
        """Build the body of an event that happens at `now` (epoch seconds)."""
        event_body: dict[str, Any] = self._build_value(event_kind.body, "", (now, count))
        fields = self._event_fields
        if fields.at in self._envelope_paths and has_path(event_kind.body, fields.at):
            event_body = set_at_path(event_body, fields.at, format_time(fields.unit, now))
        return self.name_body(event_body, event_kind.name)

    def name_body(self, event_body: dict[str, Any], name: str) -> dict[str, Any]:
        """Return a body with an event's name where the trigger has it, unless that is a header."""
        if self._event_fields.name is None or name == self._event_fields.default_name:
            return event_body
        place = parse_reply_path(self._event_fields.name)
        if place.header is not None:
            return event_body
        if len(place.segments) > 1:
            named_body: dict[str, Any] = set_at_path(event_body, self._event_fields.name, name)
            return named_body
        field = next(iter(place.segments))  # the name comes first
        return {field: name, **{key: value for key, value in event_body.items() if key != field}}

    def copy_envelope(self, source: dict[str, Any], event_body: dict[str, Any]) -> dict[str, Any]:
        """Return a body with the name, time and id of another, where a record has fields of the same names."""
        for path in self._envelope_paths:
            if has_path(source, path):
                event_body = set_at_path(event_body, path, get_at_path(source, path))
        return event_body

    def _build_value(self, body: Any, name: str, time_and_count: tuple[float, int]) -> Any:
        if isinstance(body, dict):
            return {key: self._build_value(item, key, time_and_count) for key, item in body.items()}
        if isinstance(body, list):
            return [self._build_value(item, name.removesuffix("s"), time_and_count) for item in body]
        return self._choose_value(body, name, time_and_count)

    def _choose_value(self, kind: str, name: str, time_and_count: tuple[float, int]) -> Any:
        """Choose a value: an example of this name, or a generated one for identities."""
        now, count = time_and_count
        if name in self._identity_fields:
            kind = _IDENTITY_TYPES.get(kind, kind)
        elif kind in _REUSABLE_TYPES:
            example = self._example_values.get((name, _PYTHON_TYPES.get(kind, str)))
            if example is not None and _matches_type(kind, example):
                return example
            count = 0
        if kind in ("datetime", "date", "milliseconds"):
            return _format_time(kind, now)
        return _generate_value(kind, name, count, (self._seed or get_process_seed()) if count else "")


def merge_subject(body: Any, generated: Any, subject: Any) -> Any:
    """Merge a record's values into a generated body, where their types match.

    A list or an object that the record does not have is left out.
    """
    if isinstance(body, dict) and isinstance(subject, dict):
        if not body:
            return subject
        scalar_names = {name for name, kind in body.items() if isinstance(kind, str)}
        shared = {
            name: merge_subject(kind, generated[name], subject[name]) for name, kind in body.items() if name in subject
        }
        return {name: shared.get(name, generated[name]) for name in body if name in shared or name in scalar_names}
    if isinstance(body, list) and isinstance(subject, list):
        return [merge_subject(body[0], generated[0], item) for item in subject] if body else subject
    if isinstance(body, str):
        return _convert_value(body, subject, generated)
    return generated


def _convert_value(kind: str, value: Any, generated: Any) -> Any:
    """Convert a value to a type: an id may be a number or a text."""
    if kind not in _NON_TEXT_TYPES and isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    if kind == "integer id" and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    python_type = _PYTHON_TYPES.get(kind)
    return value if python_type is not None and type(value) is python_type else generated


def _iter_example_values(connector: Connector) -> Iterator[tuple[str, Any]]:
    """Yield names and scalar values of the seed records, then of example replies."""
    for collection in connector.manifest.resources.values():
        yield from _iter_scalars(collection.seed)
    for action in iter_valid_actions(connector, connector.action_files):
        yield from _iter_scalars(action.returns.example)


def _iter_scalars(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, list):
        for item in data:
            yield from _iter_scalars(item)
    elif isinstance(data, dict):
        for name, item in data.items():
            if isinstance(item, dict | list):
                yield from _iter_scalars(item)
            elif item not in (None, ""):
                yield name, item


def _matches_type(kind: str, value: Any) -> bool:
    """Whether an example value has the format of a type."""
    text = str(value)
    if kind == "digits":
        return text.isascii() and text.isdigit()
    if kind == "email":
        return "@" in text
    return kind != "url" or text.startswith(("https://", "http://"))


def get_process_seed() -> str:
    """Return the seed of this process, which no other has."""
    return _draw_seed(os.getpid())


@lru_cache(maxsize=1)
def _draw_seed(_pid: int) -> str:
    return secrets.token_hex(16)


def _format_time(kind: str, now: float) -> Any:
    moment = datetime.fromtimestamp(now, UTC)
    if kind == "milliseconds":
        return int(now * 1000)
    return f"{moment:%Y-%m-%d}" if kind == "date" else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _generate_value(kind: str, name: str, count: int, seed: str) -> Any:
    """Generate the count-th value of a type."""
    basis = f"event {seed}{name}"
    if kind == "base64":
        return base64.b64encode(hashlib.blake2b(f"{basis} {count}".encode(), digest_size=16).digest()).decode()
    fixed_values: dict[str, Any] = {
        "integer": 1,
        "number": 0.5,
        "boolean": False,
        "timezone": "UTC",
        "string": name.replace("_", " ").capitalize() or "Text",
        "email": f"{re.sub(r'[^A-Za-z0-9_.-]+', '.', name).strip('.') or 'someone'}@example.com",
        "phone": f"+1202555{100 + count % 100:04}",  # reserved for examples
    }
    if kind in fixed_values:
        return fixed_values[kind]
    if kind == "url":
        return f"https://example.com/{name}/{ids.generate_id('text', basis, count)}"
    if kind in ("integer id", "digits"):  # these are drawn from the count alone
        offset = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=4).digest()) if seed else 0
        number = ids.generate_id("integer", basis, count + offset)
        return str(number) if kind == "digits" else number
    return ids.generate_id("uuid" if kind == "uuid" else "text", basis, count)
