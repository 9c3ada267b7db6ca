"""Parse the body of a verified webhook delivery into an Event, as its trigger describes it."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import from_json

from connector.core.webhook.identity import KeyBuilder, read_place, to_id_text
from connector.definition.json_path import parse_reply_path
from connector.definition.parsers import strict_json
from connector.errors import WebhookError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.webhook.identity import HeaderValues
    from connector.definition.trigger import Trigger

MAX_NAME_LENGTH = 200  # characters of an event's name; longer subjects are hashed
_UNITS_PER_SECOND = {"s": 1, "ms": 1000}
_MAX_TIMESTAMP = 253_402_300_799  # the last second of the year 9999
_MAX_TIME_LENGTH = 40  # characters of a time in ISO 8601
_DIGITS = re.compile(r"[0-9]{1,18}")

Reason = Literal["unsigned", "timestamp", "signature", "age", "body", "event", "challenge"]


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """An event: `name`, `at` (aware UTC or None), `account`, `object`, `data` (the whole body), `raw` (its bytes).

    `key` is the same for every delivery of an event and differs between events, as the manifest's `dedupe` defines: use
    it as an idempotency key. `subject` identifies the object of the event, to deliver its events in order. `headers`
    are those that the trigger reads values from, by lower-case name.
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
    headers: dict[str, str] = field(default_factory=dict, compare=False)

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
        fields = trigger.event
        self._trigger_name, self._unit = name, fields.unit
        self._name_place, self._time_place, self._account_place, self._object_place = (
            parse_reply_path(path) if path else None for path in (fields.name, fields.at, fields.account, fields.object)
        )
        self._subject_places = [parse_reply_path(path) for path in trigger.subject_paths]
        self._key_builder = KeyBuilder(name, trigger)
        self.header_names = self._key_builder.header_names

    def read_name(self, data: dict[str, Any], headers: HeaderValues) -> str:
        """Return the name of a delivery's event or challenge, or an empty text."""
        name = read_place(data, self._name_place, headers)
        return name if isinstance(name, str) else ""

    def parse_event(self, body: bytes, data: dict[str, Any], name: str, headers: HeaderValues) -> Event:
        """Return the event of a delivery. Raises WebhookError if it has no name."""
        if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
            raise build_webhook_error("event", "The delivery has no event name.", status=400)
        return self._build_event(body, data, name, headers, self._key_builder.build_key(body, data, name, headers))

    def parse_stored(self, body: bytes, name: str, key: str, headers: Mapping[str, str]) -> Event:
        """Rebuild an event from what an inbox keeps of it. Raises WebhookError if the body is not an object."""
        return self._build_event(
            body, parse_json_object(body), name, {header: [value] for header, value in headers.items()}, key
        )

    def _build_event(self, body: bytes, data: dict[str, Any], name: str, headers: HeaderValues, key: str) -> Event:
        return Event(
            trigger=self._trigger_name,
            name=name,
            at=_to_datetime(read_place(data, self._time_place, headers), self._unit),
            account=_to_account(read_place(data, self._account_place, headers)),
            object=read_place(data, self._object_place, headers),
            data=data,
            raw=body,
            key=key,
            subject=self._find_subject(data, headers) or key,
            headers={header: headers[header][0] for header in self.header_names if len(headers.get(header, ())) == 1},
        )

    def _find_subject(self, data: dict[str, Any], headers: HeaderValues) -> str:
        """Return the first value of `subject`, hashed if long; empty if there is none."""
        values = (read_place(data, place, headers) for place in self._subject_places)
        subject = next((to_id_text(value) for value in values if value is not None), "")
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


def _to_account(value: Any) -> str | None:
    """Return an account's id as text: some services have numbers for it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _to_datetime(value: Any, unit: str) -> datetime | None:
    """Convert a time to a UTC datetime; None for what is no time up to the year 9999."""
    if unit == "iso":
        return _parse_iso_time(value) if isinstance(value, str) and len(value) <= _MAX_TIME_LENGTH else None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)  # of a header, or of a service that sends numbers as text
    units_per_second = _UNITS_PER_SECOND[unit]
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value <= _MAX_TIMESTAMP * units_per_second
    ):
        return None
    return datetime.fromtimestamp(value / units_per_second, UTC)


def _parse_iso_time(text: str) -> datetime | None:
    """Parse an ISO 8601 time; one without an offset is UTC."""
    with contextlib.suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None
