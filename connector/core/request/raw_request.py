"""The raw request: the caller says method, path and parts; the host, and what is secret, stay ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core import redaction as redact
from connector.core import url_policy as guard
from connector.core.inputs import coerce as convert
from connector.core.inputs.coerce import Bad
from connector.core.redaction import shown
from connector.core.request.body import Body, Part, wire
from connector.core.request.builder import Build, Request
from connector.definition.action import METHODS, RAW, Action
from connector.definition.fields import Place
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.inputs.validate import Values
    from connector.definition.loader import Connector

BUILT_IN = Action.model_validate(
    {
        "action": "raw",
        "label": "Raw Request",
        "summary": "Send any request below the base URL.",
        "request": RAW,
        "inputs": {
            key: {"label": key, "help": text, "type": kind, "to": to}
            for key, kind, to, text in (
                ("method", "string", "raw.method", "The HTTP method."),
                ("path", "string", "raw.path", "The path below the base URL, already encoded."),
                ("query", "pairs", "raw.query", "Query parameters."),
                ("headers", "pairs", "raw.headers", "Headers."),
                ("data", "text", "raw.body", "The body: text, bytes or JSON data."),
                ("form", "pairs", "raw.form", "Fields of a multipart form."),
                ("files", "pairs", "raw.file", "Files of a multipart form."),
                ("file_names", "pairs", "raw.file_name", "Names of the files, by their keys."),
                ("response_type", "string", "raw.reply", "json, text, binary or document."),
            )
        },
    }
)  # what `Client.raw` runs, for every connector
REPLIES = ("json", "text", "binary", "document")
_BODILESS = ("GET", "HEAD")


def compile_raw(connector: Connector, action: Action) -> Build:
    """Return the function that turns the values of a `request: raw` action into a request."""
    keys = {str(spec.place): key for key, spec in action.inputs.items()}
    base_path = urlsplit(connector.manifest.base_url).path.rstrip("/")
    blank = Request("", "", redactor=redact.of(connector))
    constants = [(Place.of(to), wire(value)) for to, value in connector.manifest.always.items()]

    def build(values: Values, base: str = "", secrets: tuple[str, ...] = ()) -> Request:
        given = {place: values[key] for place, key in keys.items() if values.get(key) is not None}
        problems: list[Problem] = []

        def checked(place: str, check: Callable[[Any], Any], default: Any) -> Any:
            if place not in given:
                return default
            try:
                return check(given[place])
            except Bad as bad:
                got = shown(_names(given[place]) if place == "raw.headers" else given[place], safe=blank.redactor)
                problems.append(Problem(keys[place], got, bad.expected, blank.redactor.text(bad.fix)))
                return default

        request = replace(
            blank,
            base=base,
            secrets=secrets,
            method=checked("raw.method", _method, "GET"),
            path=checked("raw.path", lambda path: guard.raw_path(path, base_path), "/"),
            query=tuple(given.get("raw.query", ())),
            headers=checked("raw.headers", guard.headers, ()),
            reply=checked("raw.reply", _reply, "json"),
            attempt_timeout=checked("timeout.attempt_ms", _milliseconds, None),
        )
        body = _body(given, keys, request, problems)
        if problems:
            raise InputError.of(action.action, problems)
        return _typed(_with_constants(replace(request, body=body), constants))

    return build


def _names(pairs: list[tuple[str, Any]]) -> str:
    return ", ".join(name for name, _ in pairs)


def _with_constants(request: Request, constants: list[tuple[Place, str]]) -> Request:
    """Add the manifest's constant headers and parameters, where the caller says nothing else."""
    said = {("header", name.lower()) for name, _ in request.headers} | {("query", name) for name, _ in request.query}
    found = [(place.part, ".".join(place.path), value) for place, value in constants]
    headers = [(name, value) for part, name, value in found if part == "header" and (part, name.lower()) not in said]
    query = [(name, value) for part, name, value in found if part == "query" and (part, name) not in said]
    return replace(request, headers=(*headers, *request.headers), query=(*query, *request.query))


def _method(value: str) -> str:
    if value.upper() not in METHODS:
        raise Bad(f"one of {', '.join(METHODS)}")
    return value.upper()


def _reply(value: str) -> str:
    if value not in REPLIES:
        raise Bad(f"one of {', '.join(REPLIES)}")
    return "binary" if value == "document" else value


def _milliseconds(value: int) -> float:
    if value <= 0:
        raise Bad("a number of milliseconds above 0", "leave it out for no limit of its own")
    return value / 1000


def _body(given: Values, keys: dict[str, str], request: Request, problems: list[Problem]) -> Body | None:
    names = dict(given.get("raw.file_name", ()))
    files, form = given.get("raw.file", ()), given.get("raw.form", ())
    has_text = "raw.body" in given
    if has_text and (files or form):
        other = keys["raw.file" if files else "raw.form"]
        problems.append(Problem(keys["raw.body"], "a body", f"no {other} beside it", "give one of them"))
    if request.method in _BODILESS and (has_text or files or form):
        part = "raw.body" if has_text else "raw.file" if files else "raw.form"
        problems.append(
            Problem(keys[part], "a body", f"none: {request.method} carries no body", "use query parameters")
        )
    unknown = sorted(set(names) - {name for name, _ in files})
    if unknown:
        expected = f"keys of {keys['raw.file']}"
        problems.append(Problem(keys["raw.file_name"], ", ".join(unknown), expected, "give a file of that key"))
    if files or form:
        sent = [Part(name, value) for name, value in form]
        return Body("multipart", [*sent, *(Part(n, v, names.get(n, n)) for n, v in files)], None)
    return _whole(given["raw.body"], request, keys, problems) if has_text else None


def _whole(value: Any, request: Request, keys: dict[str, str], problems: list[Problem]) -> Body:
    """Text that is JSON goes out as JSON, unless a Content-Type says what it is."""
    declared = next((value for name, value in request.headers if name.lower() == "content-type"), None)
    if isinstance(value, bytes):
        return Body("binary", value, "application/octet-stream")
    if not isinstance(value, str):
        return Body("json", value, "application/json")
    try:
        parsed = convert.structure(value)
    except Bad as bad:
        if declared and "json" in declared.lower():
            fix = f"{bad.fix or bad.expected}; or change the Content-Type"
            problems.append(Problem(keys["raw.body"], f"{len(value)} characters", "JSON, as the header says", fix))
        return Body("text", value, "text/plain; charset=utf-8")
    return Body("text", value, "text/plain") if declared else Body("json", parsed, "application/json")


def _typed(request: Request) -> Request:
    """A Content-Type of the caller's replaces the body's own."""
    declared = next((value for name, value in request.headers if name.lower() == "content-type"), None)
    if declared is None or request.body is None:
        return request
    rest = tuple(pair for pair in request.headers if pair[0].lower() != "content-type")
    return replace(request, headers=rest, body=replace(request.body, content_type=declared))
