"""Bodies of events made from their types: what a service would send, with values from the connector's own examples.

What tells one thing from another is drawn from a count, so that the same count brings the same event.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.core.json_path import dig, placed
from connector.sandbox.data import ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.events import EventKind
    from connector.definition.loader import Connector
    from connector.definition.manifest import Trigger

_PYTHON: dict[str, type] = {"integer": int, "number": float, "boolean": bool, "integer id": int}
_KNOWN = ("string", "integer", "number", "boolean", "id", "integer id", "digits", "email", "url", "timezone")
_TEXTS = ("string", "id", "digits", "email", "url", "phone", "timezone", "datetime", "date", "uuid", "base64", "secret")


class Samples:
    """Makes the bodies of a trigger's events; `account`s and hosts are the same in each, the things differ."""

    def __init__(self, connector: Connector, trigger: Trigger) -> None:
        self._shape = trigger.event
        about = f"{trigger.event.object}."
        self._varies = {place.rpartition(".")[2] for place in trigger.dedupe if place.startswith(about)}
        self._known: dict[tuple[str, type], Any] = {}
        for name, value in _values(connector):
            self._known.setdefault((name, type(value)), value)

    def body(self, kind: EventKind, now: float, count: int = 1) -> dict[str, Any]:
        """Return the body of an event of a kind that happens at `now` (epoch seconds)."""
        made: dict[str, Any] = self._made(kind.body, "", (now, count))
        shape = self._shape
        if shape.at is not None and dig(kind.body, shape.at) is not None:
            made = placed(made, shape.at, int(now * 1000) if shape.unit == "ms" else int(now))
        if not shape.name.startswith("header."):
            made = {shape.name: kind.name, **made} if "." not in shape.name else placed(made, shape.name, kind.name)
        return made

    def _made(self, body: Any, name: str, drawn: tuple[float, int]) -> Any:
        if isinstance(body, dict):
            return {inner: self._made(item, inner, drawn) for inner, item in body.items()}
        if isinstance(body, list):
            return [self._made(item, name.removesuffix("s"), drawn) for item in body]
        return self._value(body, name, drawn)

    def _value(self, kind: str, name: str, drawn: tuple[float, int]) -> Any:
        """Return a value of a type: a known one of this name, unless it tells things apart; else a drawn one."""
        now, count = drawn
        if kind in _KNOWN and name not in self._varies:
            known = self._known.get((name, _PYTHON.get(kind, str)))
            if known is not None and _fits(kind, known):
                return known
            count = 0
        if kind in ("datetime", "date", "milliseconds"):
            return _moment(kind, now)
        return _drawn(kind, name, count)


def laid(body: Any, made: Any, thing: Any) -> Any:
    """Return what was made of a body with a thing's own values in it, where their types fit.

    A list or an object that the thing does not have is left out.
    """
    if isinstance(body, dict) and isinstance(thing, dict):
        if not body:
            return thing
        plain = {name for name, kind in body.items() if isinstance(kind, str)}
        shared = {name: laid(kind, made[name], thing[name]) for name, kind in body.items() if name in thing}
        return {name: shared.get(name, made[name]) for name in body if name in shared or name in plain}
    if isinstance(body, list) and isinstance(thing, list):
        return [laid(body[0], made[0], item) for item in thing] if body else thing
    if isinstance(body, str):
        return _converted(body, thing, made)
    return made


def _converted(kind: str, value: Any, made: Any) -> Any:
    """Return a value as a type has it: ids are numbers in one event and texts in another."""
    if kind in _TEXTS and isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    if kind == "integer id" and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    wanted = _PYTHON.get(kind)
    return value if wanted is not None and type(value) is wanted else made


def _values(connector: Connector) -> Iterator[tuple[str, Any]]:
    """Yield names and plain values of what the connector shows: its sandbox's things, then its actions' replies."""
    for collection in connector.manifest.sandbox.collections.values():
        yield from _plain(collection.start)
    for action in connector.actions():
        yield from _plain(action.returns.example)


def _plain(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, list):
        for item in data:
            yield from _plain(item)
    elif isinstance(data, dict):
        for name, item in data.items():
            if isinstance(item, dict | list):
                yield from _plain(item)
            elif item not in (None, ""):
                yield name, item


def _fits(kind: str, value: Any) -> bool:
    """Whether a known text is of a type that has a form."""
    text = str(value)
    if kind == "digits":
        return text.isascii() and text.isdigit()
    if kind == "email":
        return "@" in text
    return kind != "url" or text.startswith(("https://", "http://"))


def _moment(kind: str, now: float) -> Any:
    at = datetime.fromtimestamp(now, UTC)
    if kind == "milliseconds":
        return int(now * 1000)
    return f"{at:%Y-%m-%d}" if kind == "date" else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _drawn(kind: str, name: str, count: int) -> Any:
    """Return the count-th value of a type."""
    seed = f"event {name}"
    if kind == "base64":
        return base64.b64encode(hashlib.blake2b(f"{seed} {count}".encode(), digest_size=16).digest()).decode()
    plain: dict[str, Any] = {
        "integer": 1, "number": 0.5, "boolean": False, "timezone": "UTC",
        "string": name.replace("_", " ").capitalize() or "Text", "email": f"{name or 'someone'}@example.com",
        "phone": f"+1202555{100 + count % 100:04}",  # numbers that are kept free for examples
    }  # fmt: skip
    if kind in plain:
        return plain[kind]
    if kind == "url":
        return f"https://example.com/{name}/{ids.new('text', seed, count)}"
    made = ids.new({"integer id": "integer", "digits": "integer", "uuid": "uuid"}.get(kind, "text"), seed, count)
    return str(made) if kind == "digits" else made
