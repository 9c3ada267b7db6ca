"""What a delivery of a webhook says, once it is known who signed it: the event, as its trigger finds it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import from_json

from connector.errors import WebhookError

if TYPE_CHECKING:
    from connector.definition.manifest import Trigger

LONGEST_NAME = 200  # characters of an event's name, and of a subject that is kept as it is
_UNITS = {"s": 1, "ms": 1000}  # how many are a second
_LATEST = 253_402_300_799  # the last second of the year 9999

Reason = Literal["unsigned", "timestamp", "signature", "age", "body", "event", "challenge"]
Named = Mapping[str, list[str]]  # the headers that a trigger reads, by lower-case name, each with all its values
Place = tuple[str, ...] | str | None  # the names that lead to a field of the body; or the name of a header
Found = Mapping[Place, Any]  # what stands at places, None where nothing does


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """One event: `name`, `at` (aware UTC, or None), `account`, `object`, `data` (all of it), `raw` (its bytes).

    `key` is the same for every delivery of one event and differs between events, as the manifest's `dedupe` says: use
    it as the idempotency key of what you do. `subject` is what the event is about, for keeping events in order.
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
    """The service asks whether the receiver knows the secret: answer 200 with `reply` as JSON."""

    reply: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Challenge, answered with {', '.join(self.reply)}>"


class EventReader:
    """Reads the events of one trigger; all that its manifest says is worked out once."""

    def __init__(self, name: str, trigger: Trigger) -> None:
        shape = trigger.event
        self._trigger, self._unit = name, _UNITS[shape.unit]
        self._name, self._at = _place(shape.name), _place(shape.at)
        self._account, self._object = _place(shape.account), _place(shape.object)
        self._dedupe = [(f"{place}=", _place(place)) for place in trigger.dedupe]
        self._about = [_place(place) for place in trigger.dedupe if place.startswith(f"{shape.object}.")]
        own = (self._name, self._at, self._account, self._object)
        self._places = list(dict.fromkeys((*own, *(place for _, place in self._dedupe))))
        self.headers = {place for place in self._places if isinstance(place, str)}

    def found(self, data: dict[str, Any], named: Named) -> Found:
        """Return what stands at the places that a delivery is read by."""
        return {place: at(data, place, named) for place in self._places}

    def name(self, found: Found) -> str:
        """Return what a delivery calls itself, or nothing; it may be what asks for the secret."""
        name = found[self._name]
        return name if isinstance(name, str) else ""

    def event(self, body: bytes, data: dict[str, Any], name: str, found: Found) -> Event:
        """Return the event of a delivery. Raises WebhookError for one without a name."""
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise refused("event", "The delivery names no event.", status=400)
        return self._made(body, data, name, found)

    def again(self, body: bytes, name: str, key: str) -> Event:
        """Return an event that was read before, of what was kept of it. Raises WebhookError for what is none."""
        data = parsed(body)
        return self._made(body, data, name, self.found(data, {}), key)

    def _made(self, body: bytes, data: dict[str, Any], name: str, found: Found, key: str = "") -> Event:
        account = found[self._account]
        key = key or self._key(found, body)
        return Event(
            trigger=self._trigger,
            name=name,
            at=_moment(found[self._at], self._unit),
            account=account if isinstance(account, str) else None,
            object=found[self._object],
            data=data,
            raw=body,
            key=key,
            subject=self._subject(found) or key,
        )

    def _key(self, found: Found, body: bytes) -> str:
        """Return what is the same for each delivery of an event, and differs between events.

        It is made of the whole body where the places of `dedupe` hold nothing, or more than one value: no event is
        taken for another because of what was not looked at.
        """
        parts = [self._trigger]
        for told, place in self._dedupe:
            value = found[place]
            if isinstance(value, dict | list):
                return hashlib.sha256(body).hexdigest()
            if value is not None:
                parts.append(told + _plain(value))
        whole = "\0".join(parts).encode("utf-8", "surrogatepass") if len(parts) > 1 else body
        return hashlib.sha256(whole).hexdigest()

    def _subject(self, found: Found) -> str:
        """Return what an event is about: the first of dedupe's fields below its object; nothing where it has none."""
        subject = next((_plain(found[place]) for place in self._about if found[place] is not None), "")
        if len(subject) <= LONGEST_NAME and subject.isprintable():
            return subject
        return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()  # else no database would keep it


def refused(reason: Reason, message: str, status: int = 401) -> WebhookError:
    """Return the error of a delivery; its status is what the sender is answered with."""
    return WebhookError(message, reason=reason, status=status, outcome="rejected")


def parsed(body: bytes) -> dict[str, Any]:
    """Return a body's data; half a surrogate pair is taken as Python's own reader takes it. Raises WebhookError."""
    data = None
    with contextlib.suppress(ValueError, RecursionError):
        try:
            data = from_json(body, allow_inf_nan=False)
        except ValueError:
            data = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    if not isinstance(data, dict):
        raise refused("body", "The body is no JSON object.", status=400)
    return data


def _no_number(name: str) -> None:
    raise ValueError(name)


def at(data: Any, place: Place, named: Named) -> Any:
    """Return what stands at a place of the body, or of a header that came once; None where nothing does."""
    if place is None:
        return None
    if isinstance(place, str):
        values = named.get(place, ())
        return values[0] if len(values) == 1 else None
    for name in place:
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data


def _place(text: str | None) -> Place:
    """Return a place of the manifest, `header.X` or a dotted path, taken apart; `.` is the body itself."""
    if text is None:
        return None
    if text.startswith("header."):
        return text.removeprefix("header.").lower()
    return () if text == "." else tuple(text.split("."))


def _moment(found: Any, unit: int) -> datetime | None:
    """Return a number of seconds, or of a part of them, as a time; None for what is no such number, however large."""
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= _LATEST * unit:
        return None
    return datetime.fromtimestamp(found / unit, UTC)


def _plain(value: Any) -> str:
    """Return a value so that a number and its text are the same: services send ids as either."""
    return value if isinstance(value, str) else repr(value)
