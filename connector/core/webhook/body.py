"""Read and write the bodies of deliveries: JSON, a form, JSON in a field of a form, or none; of one event or many."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from pydantic_core import from_json

from connector.core.json_path import get_at_path, set_at_path
from connector.core.webhook.errors import build_webhook_error
from connector.definition.parsers import strict_json

if TYPE_CHECKING:
    from connector.definition.trigger import Trigger

MAX_FORM_FIELDS = 1000
MAX_EVENTS = 5000  # of one delivery
_CONTENT_TYPES = {"json": "application/json; charset=utf-8", "form": "application/x-www-form-urlencoded", "none": ""}


class BodyFormat:
    """Reads and writes the bodies of one trigger, as its `body` and `event.each` say."""

    def __init__(self, trigger: Trigger) -> None:
        self._kind, _, self._field = trigger.body.partition(".")
        self._each = trigger.event.each
        self.content_type = _CONTENT_TYPES[self._kind]

    @property
    def is_plain(self) -> bool:
        """Whether the bytes of a body are the JSON of one event."""
        return self._kind == "json" and self._each is None

    def parse(self, body: bytes) -> Any:
        """Return the data of a body. Raises WebhookError if it is not what the service sends."""
        if self._kind == "none":
            return {}
        if self._kind == "json":
            data = _parse_json(body)
        else:
            data = parse_form(body)
            if self._field:
                text = data.get(self._field)
                data = _parse_json(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else None
        if not isinstance(data, dict) and self._each != ".":
            expected = f"a form with JSON in {self._field}" if self._field else "a JSON object"
            raise build_webhook_error("body", f"The body must be {expected}.", status=400)
        return data

    def list_events(self, body: bytes, data: Any) -> list[tuple[bytes, Any]]:
        """Return the bytes and the data of each event in a body, whatever it is. Raises WebhookError without a list."""
        if self._each is None:
            return [(body, data)]
        items = get_at_path(data, self._each)
        if not isinstance(items, list) or len(items) > MAX_EVENTS:
            place = "the body" if self._each == "." else self._each
            raise build_webhook_error("body", f"{place} must be a list of up to {MAX_EVENTS} events.", status=400)
        try:
            return [(json.dumps(item, separators=(",", ":")).encode(), item) for item in items]
        except RecursionError:
            raise build_webhook_error("body", "The body is nested too deeply.", status=400) from None

    def parse_event(self, raw: bytes) -> dict[str, Any]:
        """Return the data of one event from its bytes. Raises WebhookError."""
        data = _parse_json(raw) if self._each is not None else self.parse(raw)
        if not isinstance(data, dict):
            raise build_webhook_error("body", "The body must be a JSON object.", status=400)
        return data

    def encode(self, event: dict[str, Any]) -> bytes:
        """Return the body in which the service sends an event."""
        if self._kind == "none":
            return b""
        data: Any = event if self._each is None else set_at_path({}, self._each, [event])
        if self._kind == "json":
            return dump_json(data)
        return encode_form({self._field: dump_json(data).decode("utf-8", "surrogatepass")} if self._field else data)


def parse_form(body: bytes) -> dict[str, Any]:
    """Return the fields of a form by name: a text, or a list where a name is repeated. Raises WebhookError."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise build_webhook_error("body", "The body must be a form.", status=400) from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        before = fields.get(name)
        fields[name] = (
            value if name not in fields else [*before, value] if isinstance(before, list) else [before, value]
        )
    return fields


def encode_form(data: dict[str, Any]) -> bytes:
    """Return data as a form: texts as they are, what has no text as JSON."""
    return urlencode({name: _to_form_values(value) for name, value in data.items()}, doseq=True).encode()


def dump_json(data: Any) -> bytes:
    """Encode data as the bytes of a body."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _to_form_values(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else json.dumps(item) for item in values]


def _parse_json(body: bytes) -> Any:
    """Parse JSON; lone surrogates are accepted, as Python does. None for what is none."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        with contextlib.suppress(ValueError):
            return strict_json.loads(body.decode("utf-8-sig"))
    return None
