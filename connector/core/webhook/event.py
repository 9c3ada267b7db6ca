"""Parse the body of a verified webhook delivery into an Event, as its trigger describes it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import from_json

from connector.definition.parsers import strict_json
from connector.errors import WebhookError

if TYPE_CHECKING:
    from connector.definition.trigger import Trigger

MAX_NAME_LENGTH = 200  # characters of an event's name; longer subjects are hashed
_UNITS_PER_SECOND = {"s": 1, "ms": 1000}
_MAX_TIMESTAMP = 253_402_300_799  # the last second of the year 9999

Reason = Literal["unsigned", "timestamp", "signature", "age", "body", "event", "challenge"]
HeaderValues = Mapping[str, list[str]]  # all values of the headers that a trigger reads, by lower-case name
FieldLocation = tuple[str, ...] | str | None  # the path of a body field, or the name of a header
FieldValues = Mapping[FieldLocation, Any]  # values by location; None where there is none


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """An event: `name`, `at` (aware UTC or None), `account`, `object`, `data` (the whole body), `raw` (its bytes).

    `key` is the same for every delivery of an event and differs between events, as the manifest's `dedupe` defines: use
    it as an idempotency key. `subject` identifies the object of the event, to deliver its events in order.
    """

    trigger: str
    name: str
    at: datetime | None
    account: str | None
    object: Any
    data: dict[str, Any]
    raw: bytes
    key: str
    subject: str

    def __repr__(self) -> str:
        when = f" at {self.at.isoformat()}" if self.at else ""
        return f"<Event {self.name!r}{when} {self.key[:12]}>"


@dataclass(frozen=True, slots=True, repr=False)
class Challenge:
    """The service checks that the receiver knows the secret: answer 200 with `reply` (text to text) as JSON."""

    reply: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Challenge, answered with {', '.join(self.reply)}>"


class EventParser:
    """Parses the events of one trigger; compiles its manifest once."""

    def __init__(self, name: str, trigger: Trigger) -> None:
        fields, dedupe = trigger.event, trigger.dedupe
        self._trigger_name, self._units_per_second = name, _UNITS_PER_SECOND[fields.unit]
        event_locations = [_parse_location(text) for text in (fields.name, fields.at, fields.account, fields.object)]
        self._name_location, self._time_location, self._account_location, self._object_location = event_locations
        self._key_locations = [(f"{text}=", _parse_location(text)) for text in dedupe]
        self._subject_locations = [_parse_location(text) for text in dedupe if text.startswith(f"{fields.object}.")]
        self._locations = list(dict.fromkeys((*event_locations, *(location for _, location in self._key_locations))))
        self.header_names = {location for location in self._locations if isinstance(location, str)}

    def read_fields(self, data: dict[str, Any], headers: HeaderValues) -> FieldValues:
        """Return the values of all fields that the trigger names."""
        return {location: find_value(data, location, headers) for location in self._locations}

    def read_name(self, fields: FieldValues) -> str:
        """Return the name of a delivery's event or challenge, or an empty text."""
        name = fields[self._name_location]
        return name if isinstance(name, str) else ""

    def parse_event(self, body: bytes, data: dict[str, Any], name: str, fields: FieldValues) -> Event:
        """Return the event of a delivery. Raises WebhookError if it has no name."""
        if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
            raise build_webhook_error("event", "The delivery has no event name.", status=400)
        return self._build_event(body, data, name, fields)

    def parse_stored(self, body: bytes, name: str, key: str) -> Event:
        """Rebuild an event from its stored body, name and key. Raises WebhookError if the body is not an object."""
        data = parse_json_object(body)
        return self._build_event(body, data, name, self.read_fields(data, {}), key)

    def _build_event(self, body: bytes, data: dict[str, Any], name: str, fields: FieldValues, key: str = "") -> Event:
        account = fields[self._account_location]
        key = key or self._build_key(fields, body)
        return Event(
            trigger=self._trigger_name,
            name=name,
            at=_to_datetime(fields[self._time_location], self._units_per_second),
            account=account if isinstance(account, str) else None,
            object=fields[self._object_location],
            data=data,
            raw=body,
            key=key,
            subject=self._build_subject(fields) or key,
        )

    def _build_key(self, fields: FieldValues, body: bytes) -> str:
        """Return a hash of the `dedupe` fields, the same for each delivery of an event.

        Hashes the whole body where all of these fields are missing or one is a list or mapping, so that two different
        events never have the same key.
        """
        parts = [self._trigger_name]
        for prefix, location in self._key_locations:
            value = fields[location]
            if isinstance(value, dict | list):
                return hashlib.sha256(body).hexdigest()
            if value is not None:
                parts.append(prefix + _to_key_text(value))
        content = "\0".join(parts).encode("utf-8", "surrogatepass") if len(parts) > 1 else body
        return hashlib.sha256(content).hexdigest()

    def _build_subject(self, fields: FieldValues) -> str:
        """Return the first `dedupe` field below the event's object, hashed if long; empty if there is none."""
        subject = next(
            (_to_key_text(fields[location]) for location in self._subject_locations if fields[location] is not None), ""
        )
        if len(subject) <= MAX_NAME_LENGTH and subject.isprintable():
            return subject
        return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()  # else no database would store it


def build_webhook_error(reason: Reason, message: str, status: int = 401) -> WebhookError:
    """Return the error of a delivery; `status` is the HTTP status to answer with."""
    return WebhookError(message, reason=reason, status=status, outcome="rejected")


def parse_json_object(body: bytes) -> dict[str, Any]:
    """Parse a body as a JSON object; lone surrogates are accepted, as Python does. Raises WebhookError."""
    data = None
    with contextlib.suppress(ValueError):
        try:
            data = from_json(body, allow_inf_nan=False)
        except ValueError:
            data = strict_json.loads(body.decode("utf-8-sig"))
    if not isinstance(data, dict):
        raise build_webhook_error("body", "The body must be a JSON object.", status=400)
    return data


def find_value(data: Any, location: FieldLocation, headers: HeaderValues) -> Any:
    """Return the value of a body field, or of a header that appears once; None if there is none."""
    if location is None:
        return None
    if isinstance(location, str):
        values = headers.get(location, ())
        return values[0] if len(values) == 1 else None
    for name in location:
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data


def _parse_location(text: str | None) -> FieldLocation:
    """Parse a location of the manifest: `header.X`, a dotted path, or `.` for the whole body."""
    if text is None:
        return None
    if text.startswith("header."):
        return text.removeprefix("header.").lower()
    return () if text == "." else tuple(text.split("."))


def _to_datetime(value: Any, units_per_second: int) -> datetime | None:
    """Convert a timestamp to a UTC datetime; None for anything but a number up to the year 9999."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value <= _MAX_TIMESTAMP * units_per_second
    ):
        return None
    return datetime.fromtimestamp(value / units_per_second, UTC)


def _to_key_text(value: Any) -> str:
    """Convert a value to text; a number and its text are equal, as services send IDs as either."""
    return value if isinstance(value, str) else repr(value)
