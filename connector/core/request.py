"""Values -> Request. The one place that knows what `to:` means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic_core import to_json

from connector.core import redact
from connector.core.guard import segment
from connector.definition.model import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.inputs import Values
    from connector.definition.action import Action
    from connector.definition.load import Connector

Pairs = tuple[tuple[str, str], ...]
_LISTS = {"repeat": "{name}", "brackets": "{name}[]"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a multipart body: a field, or a file with its name. The data opens anew for each sending."""

    name: str
    data: Any
    file_name: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The recipe of a body: what it says, and as what it is sent. Opens anew for each sending."""

    kind: str  # json, form, multipart, text or binary
    value: Any
    content_type: str | None

    def content(self) -> bytes:
        """Return the bytes to send; a multipart body is put together by the HTTP library instead."""
        if self.kind == "json":
            return to_json(self.value)
        if self.kind == "form":
            return urlencode(self.value).encode()
        return self.value.encode() if isinstance(self.value, str) else bytes(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """What is sent: `method`, `path` below the base URL, `query`, `headers`, `body`. Prints without secrets."""

    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: Body | None = None
    reply: str = "json"
    base: str = ""
    attempt_timeout: float | None = None
    secrets: tuple[str, ...] = ()
    redactor: redact.Redactor = field(default_factory=lambda: redact.Redactor((), ()), compare=False)

    @property
    def target(self) -> str:
        """Path and query, as they go on the wire."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def url(self) -> str:
        """The whole URL, secrets included."""
        return self.base + self.target

    @property
    def safe(self) -> redact.Redactor:
        """The redactor that knows this request's own secrets."""
        return self.redactor.knowing(self.secrets)

    def to_dict(self) -> dict[str, Any]:
        """Return the request as JSON-safe data without secrets: method, url, headers, body."""
        safe = self.safe
        shown = {"method": self.method, "url": safe.url(self.url), "headers": dict(safe.headers(self.headers))}
        if self.body is not None:
            shown["body"] = safe.data(_shown_body(self.body))
        return shown

    def __repr__(self) -> str:
        shown = self.to_dict()
        body = f", body={shown['body']!r}" if "body" in shown else ""
        return f"<Request {shown['method']} {shown['url']}{body}>"

    __str__ = __repr__


def _shown_body(body: Body) -> Any:
    if body.kind == "multipart":
        return [{"name": part.name, "file_name": part.file_name, "data": _size(part.data)} for part in body.value]
    return f"{len(body.value)} bytes" if isinstance(body.value, bytes) else body.value


def _size(data: Any) -> Any:
    return f"{len(data)} bytes" if isinstance(data, bytes) else data if isinstance(data, str) else "a file"


Build = "Callable[[Values], Request]"


def compile_request(connector: Connector, action: Action) -> Callable[[Values], Request]:
    """Return the function that turns checked values into the request of an action with a request line."""
    always = {**connector.manifest.always, **action.always}
    constants = [(Place.of(to), value) for to, value in always.items()]
    places = {key: spec.place for key, spec in action.inputs.items()}
    path = _path(action)
    query = _pairs("query", places, constants, action.lists)
    headers = _pairs("header", places, constants, "comma")
    body = _body(action, places, constants)
    secret = tuple(key for key, spec in action.inputs.items() if spec.secret)
    blank = Request(action.method, "", reply=action.returns.type, redactor=redact.of(connector))

    def build(values: Values) -> Request:
        return replace(
            blank,
            path=path(values),
            query=query(values),
            headers=headers(values),
            body=body(values),
            secrets=tuple(values[key] for key in secret if values.get(key)),
        )

    return build


def under_account(request: Request, prefix: str, account: str) -> Request:
    """Return the request of the sub-account twin: the manifest's prefix before the path."""
    return replace(request, path=re.sub(r"\{[^{}]*\}", lambda _: segment(account), prefix) + request.path)


def _path(action: Action) -> Callable[[Values], str]:
    owners = {spec.place.path[0]: key for key, spec in action.inputs.items() if spec.place.part == "path"}
    twice = {key for key, spec in action.inputs.items() if spec.encode == "uuid"}
    pieces = re.split(r"\{([^{}]*)\}", action.path)
    literals, keys = pieces[::2], [owners[name] for name in pieces[1::2]]

    def build(values: Values) -> str:
        encoded = [segment(values[key], twice=key in twice) for key in keys]
        return literals[0] + "".join(one + rest for one, rest in zip(encoded, literals[1:], strict=True))

    return build


def wire(value: Any) -> str:
    """Return a value as the text that a query, form or header carries."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _pairs(
    part: str, places: Mapping[str, Place], constants: list[tuple[Place, Any]], lists: str
) -> Callable[[Values], Pairs]:
    """Build name-value pairs of a query or of headers; a constant stands first and is never given."""
    fixed = tuple((".".join(place.path), wire(value)) for place, value in constants if place.part == part)
    members = [(".".join(place.path), key) for key, place in places.items() if place.part == part]

    def build(values: Values) -> Pairs:
        pairs = list(fixed)
        for name, key in members:
            if key in values:
                pairs += listed(name, values[key], lists)
        return tuple(pairs)

    return build


def listed(name: str, value: Any, lists: str) -> list[tuple[str, str]]:
    """Return the pairs of one value: a list is repeated, joined with commas, or named with brackets."""
    if not isinstance(value, list | tuple):
        return [(name, wire(value))]
    if lists == "comma":
        return [(name, ",".join(map(wire, value)))]
    return [(_LISTS[lists].format(name=name), wire(item)) for item in value]


def _body(
    action: Action, places: Mapping[str, Place], constants: list[tuple[Place, Any]]
) -> Callable[[Values], Body | None]:
    parts = ("body", "form")
    fixed = [(place.path, value) for place, value in constants if place.part in parts]
    whole = next((k for k, p in places.items() if p.part == "body" and not p.path and not p.spread), None)
    spreads = [(place.path, key) for key, place in places.items() if place.part in parts and place.spread]
    groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for key, place in places.items():
        if place.part in parts and place.path and not place.spread:
            groups.setdefault(place.path[:-1], []).append((place.path[-1], key))
    files = [(".".join(place.path), key) for key, place in places.items() if place.part == "file"]
    sized = [(parent, tuple(members)) for parent, members in groups.items()]

    def build(values: Values) -> Body | None:
        if whole is not None and whole in values:
            return _encoded(action, values[whole])
        tree: dict[str, Any] = {}
        for path, value in fixed:
            _at(tree, path[:-1])[path[-1]] = value
        for parent, members in sized:
            found = {name: values[key] for name, key in members if key in values}
            if found:
                _at(tree, parent).update(found)
        for parent, key in spreads:
            if isinstance(values.get(key), dict):
                _merge(_at(tree, parent), values[key])
        if action.sends == "multipart":
            sent = [Part(name, values[key], name) for name, key in files if key in values]
            return Body("multipart", [*(Part(n, v) for n, v in flat(tree, action)), *sent], None)
        return _encoded(action, tree) if tree else None

    return build


def _at(tree: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for name in path:
        tree = tree.setdefault(name, {})
    return tree


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _encoded(action: Action, value: Any) -> Body:
    if action.sends == "form":
        return Body("form", flat(value, action), "application/x-www-form-urlencoded")
    kinds = {"text": "text/plain; charset=utf-8", "binary": "application/octet-stream"}
    return Body(action.sends, value, kinds.get(action.sends, "application/json"))


def flat(tree: Mapping[str, Any], action: Action, prefix: str = "") -> list[tuple[str, str]]:
    """Return a nested body as the pairs of a form: names in brackets, or joined with dots."""
    pairs: list[tuple[str, str]] = []
    for name, value in tree.items():
        nested = f"[{name}]" if action.form_nesting == "brackets" else f".{name}"
        full = prefix + nested if prefix else name
        if isinstance(value, dict):
            pairs += flat(value, action, full)
        elif value is not None:
            pairs += listed(full, value, action.lists)
        else:
            pairs.append((full, ""))
    return pairs
