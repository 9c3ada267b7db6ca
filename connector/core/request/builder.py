"""Values -> Request. The one place that knows what `to:` means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlencode

from connector.core import redaction as redact
from connector.core.inputs import coerce as convert
from connector.core.inputs.coerce import Bad
from connector.core.request.body import Body, Part, encoded, flat, listed, named, shown_body, wire
from connector.core.url_policy import header, segment
from connector.definition.fields import Place
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.inputs.validate import Values
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.definition.manifest import Subaccounts

Pairs = tuple[tuple[str, str], ...]


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
    cap: int | None = None  # the most bytes of a reply, decoded
    attempt_timeout: float | None = None
    secrets: tuple[str, ...] = ()
    redactor: redact.Redactor = field(default_factory=redact.plain, compare=False)
    hops: tuple[str, ...] = ()  # the URLs that sent it on to here
    carries: bool = True  # whether it takes the token along
    may_leave: bool = False  # whether it may be sent on to a host that must not see the token

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
        """The redactor that knows this request's own secrets: those it was told, and those in secret places of it."""
        value = self.body.value if self.body else None
        if self.body is not None and self.body.kind == "multipart":
            value = [(part.name, part.data) for part in self.body.value]
        elif isinstance(value, str | bytes):
            value = redact.read(value)
        given = [*self.query, *parse_qsl(self.path.partition("?")[2]), value]
        headers = (value for name, value in self.headers if name.lower() in self.redactor.hidden)
        return self.redactor.knowing((*self.secrets, *headers, *self.redactor.secrets_in(given)))

    def signed(self, secret: str, base: str | None) -> Request:
        """Return the request that knows the secret it is signed with, and the base URL that its token names.

        Every call makes one, so it is made at once: `dataclasses.replace` takes five times as long.
        """
        secrets = self.secrets if secret in self.secrets else (*self.secrets, secret)
        return Request(
            self.method, self.path, self.query, self.headers, self.body, self.reply, base or self.base, self.cap,
            self.attempt_timeout, secrets, self.redactor, self.hops, self.carries, self.may_leave,
        )  # fmt: skip

    def must_open_again(self) -> None:
        """Raise UsageError when the body was a stream that cannot be sent a second time."""
        if self.body is not None and self.body.once:
            hint = "Pass bytes, or a file that can seek, so that it can be sent again."
            raise UsageError("The request would have to be sent again, and its stream is used up.", hint=hint)

    def to_dict(self) -> dict[str, Any]:
        """Return the request as JSON-safe data without secrets: method, url, headers, body."""
        safe = self.safe
        shown = {"method": self.method, "url": safe.url(self.url), "headers": dict(safe.headers(self.headers))}
        if self.body is not None:
            shown["body"] = shown_body(self.body, safe)
        return shown

    def __repr__(self) -> str:
        shown = self.to_dict()
        body = f", body={shown['body']!r}" if "body" in shown else ""
        return f"<Request {shown['method']} {shown['url']}{body}>"

    __str__ = __repr__


class Build(Protocol):
    """Makes a request of checked values, for a base URL, with the secrets that its connection has."""

    def __call__(self, values: Values, base: str = "", secrets: tuple[str, ...] = ()) -> Request:
        """Return the request. Raises InputError for what only the whole of it shows."""


def compile_request(connector: Connector, action: Action) -> Build:
    """Return the function that turns checked values into the request of an action with a request line."""
    always = {**connector.manifest.always, **action.always}
    constants = [(Place.of(to), value) for to, value in always.items()]
    places = {key: spec.place for key, spec in action.inputs.items()}
    path = _path(action)
    query = _query(action, places, constants)
    headers = _headers(places, constants)
    body = _body(action, places, constants)
    secret = tuple(key for key, spec in action.inputs.items() if spec.secret)
    method, reply, cap, redactor = action.method, action.returns.type, action.returns.cap, redact.of(connector)

    def build(values: Values, base: str = "", secrets: tuple[str, ...] = ()) -> Request:
        known = (*(values[key] for key in secret if values.get(key)), *secrets)
        return Request(
            method, path(values), query(values), headers(values), body(values), reply, base, cap, None, known, redactor
        )

    return build


def under_account(request: Request, declared: Subaccounts, account: str) -> Request:
    """Return the request of the sub-account twin: the manifest's prefix before the path, or its header. Raises Bad."""
    account = convert.text(account)
    if account.strip() in ("", ".", ".."):
        raise Bad("the id of an account")
    if declared.header:
        return replace(request, headers=(*request.headers, header(declared.header, account)))
    return replace(request, path=re.sub(r"\{[^{}]*\}", lambda _: segment(account), declared.prefix) + request.path)


def _path(action: Action) -> Callable[[Values], str]:
    owners = {spec.place.path[0]: key for key, spec in action.inputs.items() if spec.place.part == "path"}
    twice = {key for key, spec in action.inputs.items() if spec.encode == "uuid"}
    pieces = re.split(r"\{([^{}]*)\}", action.path)
    literals, keys = pieces[::2], [owners[name] for name in pieces[1::2]]

    def build(values: Values) -> str:
        encoded = [segment(wire(values[key]), twice=key in twice) for key in keys]
        return literals[0] + "".join(one + rest for one, rest in zip(encoded, literals[1:], strict=True))

    return build


def _headers(places: Mapping[str, Place], constants: list[tuple[Place, Any]]) -> Callable[[Values], Pairs]:
    """Build the headers; a constant stands first and is never given."""
    fixed = tuple((".".join(place.path), wire(value)) for place, value in constants if place.part == "header")
    members = [(".".join(place.path), key) for key, place in places.items() if place.part == "header"]

    def build(values: Values) -> Pairs:
        given = [(name, values[key]) for name, key in members if key in values]
        return (*fixed, *(pair for name, value in given for pair in listed(name, value, "comma")))

    return build


def _query(
    action: Action, places: Mapping[str, Place], constants: list[tuple[Place, Any]]
) -> Callable[[Values], Pairs]:
    """Build the query; a constant stands first and is never given."""
    fixed = [pair for place, value in constants if place.part == "query" for pair in named(place.path, value, action)]
    members = [(place.path, key) for key, place in places.items() if place.part == "query"]

    def build(values: Values) -> Pairs:
        given = [(path, values[key]) for path, key in members if key in values]
        return (*fixed, *(pair for path, value in given for pair in named(path, value, action)))

    return build


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
            return encoded(action, values[whole])
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
        return encoded(action, tree) if tree else None

    return build


def _at(tree: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for name in path:
        branch = dict(tree.get(name) or {})  # a copy: what was given, and constants, stay as they are
        tree[name] = branch
        tree = branch
    return tree


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(_at(into, (name,)), value)
        else:
            into[name] = value


__all__ = ["Body", "Part", "Request", "compile_request", "listed", "under_account", "wire"]
