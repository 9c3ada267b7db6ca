"""Parse the body of a verified webhook delivery into an Event, as its trigger describes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from connector.core.webhook.body import BodyFormat
from connector.core.webhook.errors import build_webhook_error
from connector.core.webhook.identity import KeyBuilder, read_place, to_id_text
from connector.core.webhook.times import to_datetime
from connector.definition.json_path import parse_reply_path
from connector.errors import WebhookError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.webhook.identity import HeaderValues
    from connector.definition.trigger import Trigger

MAX_NAME_LENGTH = 200  # characters of an event's name; longer subjects are hashed


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """An event: `name`, `at` (aware UTC or None), `account`, `object`, `data` (the whole body), `raw` (its bytes).

    Where a delivery has several events, `data` and `raw` are those of this one.

    `key` is the same for every delivery of an event and differs between events, as the manifest's `dedupe` defines: use
    it as an idempotency key. `subject` identifies the object of the event, to deliver its events in order. `headers`
    are those that the trigger reads values from, by lower-case name. `error` says why a part of a delivery is not an
    event as the manifest describes it; its name is empty then, and `raw` is what the service sent.
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
    error: WebhookError | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        when = f" at {self.at.isoformat()}" if self.at else ""
        return f"<Event {self.name!r}{when} {self.key[:12]}>"


@dataclass(frozen=True, slots=True, repr=False)
class Challenge:
    """The service checks the receiver: answer 200 with `reply`, a mapping as JSON or a text as `text/plain`.

    `headers` are to be sent too. `secret` is the one that the service hands over, and empty otherwise: save it before
    the answer, as later deliveries are verified with it.
    """

    reply: dict[str, str | int] | str = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    secret: str = ""

    def __repr__(self) -> str:
        names = ["a text"] if isinstance(self.reply, str) else [*self.reply, *self.headers]
        return f"<Challenge, answered with {', '.join(names) or 'nothing'}>"


class EventParser:
    """Parses the events of one trigger; compiles its manifest once."""

    def __init__(self, name: str, trigger: Trigger) -> None:
        fields = trigger.event
        self._trigger_name, self._unit = name, fields.unit
        self._default_name = fields.default_name or ""
        self._name_place, self._time_place, self._account_place, self._object_place = (
            parse_reply_path(path) if path else None for path in (fields.name, fields.at, fields.account, fields.object)
        )
        self._subject_places = [parse_reply_path(path) for path in trigger.subject_paths]
        self._key_builder = KeyBuilder(name, trigger)
        self.body_format = BodyFormat(trigger)
        self.header_names = self._key_builder.header_names

    def parse_events(self, body: bytes, data: Any, headers: HeaderValues) -> list[Event]:
        """Return the events of a delivery; of what is none of a service's own, one with an `error`."""
        try:
            items = self.body_format.list_events(body, data)
        except WebhookError as error:
            return [self.build_unreadable(body, data, headers, error)]
        return [self._parse_or_mark(raw, item, headers) for raw, item in items]

    def build_unreadable(self, body: bytes, data: Any, headers: HeaderValues, error: WebhookError) -> Event:
        """Return what a service sent, though it is no event as the manifest describes it."""
        fields = data if isinstance(data, dict) else {}
        key = self._key_builder.build_raw_key(body, headers)
        return replace(self._build_event(body, fields, "", headers, key), error=error)

    def parse_stored(self, body: bytes, name: str, key: str, headers: Mapping[str, str]) -> Event:
        """Rebuild an event from what an inbox keeps of it. Raises WebhookError if the body is none of an event.

        One without a name could not be read when it came; perhaps it can be now.
        """
        data = self.body_format.parse_event(body)
        values = {header: [value] for header, value in headers.items()}
        if not name:
            return replace(self._parse_event(body, data, values), key=key)
        return self._build_event(body, data, name, values, key)

    def _parse_or_mark(self, raw: bytes, item: Any, headers: HeaderValues) -> Event:
        try:
            return self._parse_event(raw, item, headers)
        except WebhookError as error:
            return self.build_unreadable(raw, item, headers, error)

    def _parse_event(self, raw: bytes, data: Any, headers: HeaderValues) -> Event:
        """Return the event of its data. Raises WebhookError if it is none of an event, or has no name."""
        if not isinstance(data, dict):
            raise build_webhook_error("body", "An event must be a JSON object.", status=400)
        value = read_place(data, self._name_place, headers)
        name = value if isinstance(value, str) and value else self._default_name
        if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
            raise build_webhook_error("event", "The delivery has no event name.", status=400)
        content = raw if self.body_format.is_plain else json.dumps(data).encode()
        return self._build_event(raw, data, name, headers, self._key_builder.build_key(content, data, name, headers))

    def _build_event(self, body: bytes, data: dict[str, Any], name: str, headers: HeaderValues, key: str) -> Event:
        return Event(
            trigger=self._trigger_name,
            name=name,
            at=to_datetime(read_place(data, self._time_place, headers), self._unit),
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


def _to_account(value: Any) -> str | None:
    """Return an account's id as text: some services have numbers for it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None
