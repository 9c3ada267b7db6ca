"""Requests judged by the definitions: each value brought back from its place to its input, and checked there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from connector.core.exchange.plan import plan
from connector.core.inputs.coerce import Bad
from connector.core.inputs.formats import CHECKS
from connector.core.request.body import wire
from connector.definition.fields import Place
from connector.errors import InputError
from connector.sandbox.http import body_parser as bodies
from connector.sandbox.http.body_parser import Content, Unreadable, nested

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.response.pagination import Words
    from connector.definition.action import Action
    from connector.definition.fields import Input
    from connector.definition.loader import Connector
    from connector.sandbox.http.request import Incoming

ABSENT: Any = object()
_IN_BODY = ("body", "form", "file")
_TEXTS = ("string", "text", "password")
_JSON_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys((*_TEXTS, "datetime", "date"), ((str,), "a JSON string")),
    "integer": ((int,), "a JSON number without a fraction"),
    "number": ((int, float), "a JSON number"),
    "boolean": ((bool,), "true or false"),
    "list of string": ((str,), "a JSON list of strings"),
    "list of integer": ((int,), "a JSON list of whole numbers"),
    "map of string": ((dict,), "a JSON object of strings"),
    "pairs": ((dict, list), "a JSON object or list"),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A request as the definitions see it: the object it sends, and what is wrong with it, field -> message."""

    sent: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of one request, each as an object that a place can be looked up in."""

    named: Mapping[str, str]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    content: Content

    def held(self, place: Place) -> Any:
        """Return what stands at a place, or ABSENT."""
        name = ".".join(place.path)
        if place.part == "path":
            return self.named.get(place.path[0], ABSENT)
        if place.part == "header":
            return self.headers.get(name.lower(), ABSENT)
        if place.part == "file":
            return self.content.files.get(name, ABSENT)
        return at(self.query if place.part == "query" else self.content.tree, place.path)

    def textual(self, place: Place) -> bool:
        """Whether values there are always text."""
        return self.content.textual if place.part in _IN_BODY else True


class Checks:
    """The checks of one action, put together once."""

    def __init__(self, connector: Connector, action: Action) -> None:
        self.action = action
        self._check = plan(connector, action.action).check
        self.words: Words | None = plan(connector, action.action).words
        always = {**connector.manifest.always, **action.always}
        self._constants = [(Place.of(to), value) for to, value in always.items()]
        self._names = {key: _field(spec.place) for key, spec in action.inputs.items()}
        self._brackets = action.form_nesting == "brackets"
        places = [spec.place for spec in action.inputs.values()]
        self._fields = any(place.part in _IN_BODY and (place.path or place.spread) for place in places)
        self._alone = sum(place.part in _IN_BODY for place in places) == 1
        uuids = (spec.place for spec in action.inputs.values() if spec.encode == "uuid")
        self._twice = {place.path[0] for place in uuids if place.part == "path"}

    def read(self, request: Incoming, segments: tuple[str, ...]) -> Checked:
        """Judge a request whose path has these segments, still encoded; every problem is told."""
        wrong: dict[str, str] = {}
        content, unread = Content({}), False
        try:
            content = self._content(request)
        except Unreadable as error:
            unread = True
            wrong[error.name] = error.why
        query = nested(request.query, brackets=self._brackets)
        named = dict(zip(self.action.path_names, self.values(segments), strict=True))
        parts = _Parts(named, query, request.headers, content)
        given = self._given(parts, wrong)
        for name, expected in self._wrong_constants(parts, unread=unread):
            wrong.setdefault(name, expected)
        checked = self._values(given, wrong, unread=unread)
        return Checked(self._sent(parts, checked) if not wrong else {}, wrong)

    def values(self, segments: tuple[str, ...]) -> tuple[str, ...]:
        """Return the values that the segments of a path stand for."""
        pairs = zip(self.action.path_names, segments, strict=True)
        return tuple(path_value(segment, twice=name in self._twice) for name, segment in pairs)

    def _content(self, request: Incoming) -> Content:
        content = bodies.read(self.action.sends, request, brackets=self._brackets)
        if self._fields and not isinstance(content.data, dict):
            raise Unreadable("body", "Expected a JSON object." if self.action.sends == "json" else "Expected fields.")
        return content

    def _given(self, parts: _Parts, wrong: dict[str, str]) -> dict[str, Any]:
        """Return the values by input key; what has the wrong type on the wire is told."""
        given: dict[str, Any] = {}
        for key, spec in self.action.inputs.items():
            held = self._whole(parts) if _is_whole(spec) else parts.held(spec.place)
            if spec.place.spread:
                held = self._rest(spec, held)
            if held is ABSENT:
                continue
            textual = parts.textual(spec.place)
            value = _from_text(spec, held, self.action.lists) if textual else held
            expected = _misfit(spec, value, textual=textual)
            if expected:
                wrong.setdefault(self._names[key], f"Expected {expected}.")
            given[key] = value
        return given

    def _whole(self, parts: _Parts) -> Any:
        return parts.content.data if self._alone and parts.content.data else ABSENT

    def _rest(self, spread: Input, held: Any) -> Any:
        """Return what an object holds beside the fields that other inputs own; anything else as it is."""
        depth = len(spread.place.path)
        inside = (spec.place for spec in self.action.inputs.values() if spec.place.part == spread.place.part)
        owned = {
            place.path[depth] for place in inside if len(place.path) > depth and place.path[:depth] == spread.place.path
        }
        if not isinstance(held, dict):
            return held
        return {name: value for name, value in held.items() if name not in owned} or ABSENT

    def _wrong_constants(self, parts: _Parts, *, unread: bool) -> list[tuple[str, str]]:
        found = []
        for place, value in self._constants:
            if unread and place.part in _IN_BODY:
                continue
            held = parts.held(place)
            fits = held == (wire(value) if parts.textual(place) and not isinstance(value, dict | list) else value)
            if held is ABSENT or not fits:
                found.append((_field(place), f"Expected {wire(value)}; got {'nothing' if held is ABSENT else held}."))
        return found

    def _values(self, given: dict[str, Any], wrong: dict[str, str], *, unread: bool) -> dict[str, Any]:
        """Return the checked values; what is wrong with the others is told."""
        try:
            return self._check(given)
        except InputError as error:
            inputs = self.action.inputs
            for problem in error.problems:
                spec = inputs.get(problem.field)
                if not (unread and spec and spec.place.part in _IN_BODY):
                    name = self._names.get(problem.field, problem.field)
                    wrong.setdefault(name, f"Expected {problem.expected}; got {problem.got}.")
        return {}

    def _sent(self, parts: _Parts, values: dict[str, Any]) -> dict[str, Any]:
        """Return the object that was sent, a form's texts in the types of their inputs."""
        tree = parts.content.tree
        if not parts.content.textual:
            return tree
        for key, spec in self.action.inputs.items():
            place = spec.place
            if place.part in ("body", "form") and place.path and not place.spread and parts.held(place) is not ABSENT:
                _set(tree, place.path, values[key])
        return tree


def at(tree: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at a path of data, or ABSENT."""
    for name in path:
        if not isinstance(tree, dict) or name not in tree:
            return ABSENT
        tree = tree[name]
    return tree


def path_value(raw: str, *, twice: bool) -> str:
    """Return a segment of a path as the value it stands for; `twice` for a UUID that may be encoded twice."""
    value = unquote(raw)
    again = unquote(value) if twice else value
    return again if again.startswith("/") or "//" in again else value


def _field(place: Place) -> str:
    return ".".join(place.path) or place.part


def _is_whole(spec: Input) -> bool:
    return spec.place.part == "body" and not spec.place.path and not spec.place.spread


def _set(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        tree = tree[name]
    tree[path[-1]] = value


def _from_text(spec: Input, held: Any, lists: str) -> Any:
    """Return a value from a query, a header or a form as its input takes it."""
    if spec.is_list and not spec.join:
        if isinstance(held, str):
            return held.split(",") if lists == "comma" or spec.place.part == "header" else [held]
        return held
    if isinstance(held, list) and held and all(isinstance(item, str) for item in held) and spec.type != "json":
        return held[-1]
    emptied = spec.place.part in _IN_BODY and held == "" and spec.type not in _TEXTS
    return None if emptied else held


def _misfit(spec: Input, value: Any, *, textual: bool) -> str | None:
    """Return what was expected when a value has not the type or the form that its input is sent in."""
    if value is None:
        return None
    if not textual and spec.join:
        return None if isinstance(value, str) else "a JSON string"
    if not textual:
        kinds, expected = _JSON_TYPES.get(spec.type, ((object,), ""))
        items = value if spec.is_list and isinstance(value, list) else [value]
        if (spec.is_list and not isinstance(value, list)) or not all(_is(item, kinds) for item in items):
            return expected
        if spec.type == "map of string" and not all(isinstance(item, str) for item in value.values()):
            return expected
        if spec.type == "json" and isinstance(value, str) and isinstance(spec.example, dict | list):
            return "a JSON object" if isinstance(spec.example, dict) else "a JSON list"
    if spec.looks and isinstance(value, str) and not spec.is_list:
        return _unclean(spec.looks, value)
    return None


def _is(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds and object not in kinds)


def _unclean(looks: str, value: str) -> str | None:
    """Return how a value is written that only fits once it is cleaned up, which is the client's part."""
    try:
        cleaned = CHECKS[looks](value)
    except Bad:
        return None  # told by the check of the input
    return cleaned if cleaned != value else None
