"""Raw requests: the caller chooses method, path and parts; host and credentials stay fixed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core import redaction, url_policy
from connector.core.inputs import coerce
from connector.core.inputs.named_file import unwrap_file
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.core.request.body import Body, MultipartPart, to_wire_text
from connector.core.request.builder import Request, RequestBuilder, apply_content_type
from connector.definition.action import METHODS, RAW_REQUEST, Action
from connector.definition.fields import Input, InputType
from connector.definition.inputs.request_location import RequestLocation
from connector.definition.suggest import did_you_mean
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.inputs.coerce import Values
    from connector.definition.loader import Connector

_BODYLESS_METHODS = ("GET", "HEAD")
_RAW_INPUTS: tuple[tuple[str, InputType, str, str], ...] = (
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
RAW_ACTION = Action(  # what `Client.request` runs, for every connector
    action="raw",
    label="Raw Request",
    summary="Send any request below the base URL.",
    request=RAW_REQUEST,
    inputs={key: Input(label=key, help=text, type=kind, to=to) for key, kind, to, text in _RAW_INPUTS},
)
REPLY_TYPES = ("json", "text", "binary", "document")


def compile_raw_request(connector: Connector, action: Action) -> RequestBuilder:
    """Compile the request builder of a `request: raw` action."""
    keys_by_location = {str(field.location): key for key, field in action.inputs.items()}
    base_path = urlsplit(connector.manifest.base_url).path.rstrip("/")
    redactor = redaction.redactor_for(connector)
    template = Request("", "", redactor=redactor)
    constants = [
        (RequestLocation.parse(location_text), to_wire_text(value))
        for location_text, value in connector.manifest.plain_constants.items()
    ]

    def build(values: Values, base_url: str = "", secrets: tuple[str, ...] = ()) -> Request:
        given = {location: values[key] for location, key in keys_by_location.items() if values.get(key) is not None}
        problems: list[Problem] = []

        def check_value(location: str, check: Callable[[Any], Any], default: Any) -> Any:
            if location not in given:
                return default
            try:
                return check(given[location])
            except InvalidValue as invalid:
                shown = _join_names(given[location]) if location == "raw.headers" else given[location]
                given_text, fix = preview(shown, redactor=redactor), redactor.redact_text(invalid.fix)
                problems.append(Problem(keys_by_location[location], given_text, invalid.expected, fix))
                return default

        request = replace(
            template,
            base_url=base_url,
            secrets=secrets,
            method=check_value("raw.method", _check_method, "GET"),
            path=check_value("raw.path", lambda path: url_policy.check_relative_path(path, base_path), "/"),
            query=tuple(given.get("raw.query", ())),
            headers=check_value("raw.headers", url_policy.check_headers, ()),
            reply_type=check_value("raw.reply", _check_reply_type, "json"),
            attempt_timeout=check_value("timeout.attempt_ms", _check_milliseconds, None),
        )
        body = _build_body(given, keys_by_location, request, problems)
        if problems:
            raise InputError.from_problems(action.action, problems)
        return apply_content_type(_add_constants(replace(request, body=body), constants))

    return build


def _join_names(pairs: list[tuple[str, Any]]) -> str:
    return ", ".join(name for name, _ in pairs)


def _add_constants(request: Request, constants: list[tuple[RequestLocation, str]]) -> Request:
    """Add the manifest's constant headers and parameters, unless the caller sets them."""
    given_names = {("header", name.lower()) for name, _ in request.headers} | {
        ("query", name) for name, _ in request.query
    }
    entries = [(location.part, ".".join(location.path), value) for location, value in constants]
    headers = [
        (name, value) for part, name, value in entries if part == "header" and (part, name.lower()) not in given_names
    ]
    query = [(name, value) for part, name, value in entries if part == "query" and (part, name) not in given_names]
    return replace(request, headers=(*headers, *request.headers), query=(*query, *request.query))


def _check_method(value: str) -> str:
    if value.upper() not in METHODS:
        raise InvalidValue(f"one of {', '.join(METHODS)}", did_you_mean(value.upper(), METHODS).strip())
    return value.upper()


def _check_reply_type(value: str) -> str:
    if value not in REPLY_TYPES:
        raise InvalidValue(f"one of {', '.join(REPLY_TYPES)}")
    return "binary" if value == "document" else value


def _check_milliseconds(value: int) -> float:
    if value <= 0:
        raise InvalidValue("a number of milliseconds above 0", "leave it out for no separate limit")
    return value / 1000


def _build_body(
    given: Values, keys_by_location: dict[str, str], request: Request, problems: list[Problem]
) -> Body | None:
    file_names = dict(given.get("raw.file_name", ()))
    files, form = given.get("raw.file", ()), given.get("raw.form", ())
    has_text = "raw.body" in given
    if has_text and (files or form):
        other_key = keys_by_location["raw.file" if files else "raw.form"]
        expected = f"no {other_key} with it"
        problems.append(Problem(keys_by_location["raw.body"], "a body", expected, "give one of them"))
    if request.method in _BODYLESS_METHODS and (has_text or files or form):
        part = "raw.body" if has_text else "raw.file" if files else "raw.form"
        expected = f"none: {request.method} carries no body"
        problems.append(Problem(keys_by_location[part], "a body", expected, "use query parameters"))
    unknown_names = sorted(set(file_names) - {name for name, _ in files})
    if unknown_names:
        key, expected = keys_by_location["raw.file_name"], f"keys of {keys_by_location['raw.file']}"
        problems.append(Problem(key, ", ".join(unknown_names), expected, "pass a file with that key"))
    if files or form:
        form_parts = [MultipartPart(name, value) for name, value in form]
        file_parts = [MultipartPart(n, v, file_names.get(n) or unwrap_file(v).name or n) for n, v in files]
        return Body("multipart", [*form_parts, *file_parts], None)
    return _build_single_body(given["raw.body"], request, keys_by_location, problems) if has_text else None


def _build_single_body(value: Any, request: Request, keys_by_location: dict[str, str], problems: list[Problem]) -> Body:
    """Return the body of `data`: text that is JSON is sent as JSON, unless the caller sets a Content-Type."""
    content_type = next((value for name, value in request.headers if name.lower() == "content-type"), None)
    if isinstance(value, bytes):
        return Body("binary", value, "application/octet-stream")
    if not isinstance(value, str):
        return Body("json", value, "application/json")
    try:
        parsed = coerce.to_json_value(value)
    except InvalidValue as invalid:
        if content_type and "json" in content_type.lower():
            fix = f"{invalid.fix or invalid.expected}; or change the Content-Type"
            given_text, expected = f"{len(value)} characters", "JSON, as the header says"
            problems.append(Problem(keys_by_location["raw.body"], given_text, expected, fix))
        return Body("text", value, "text/plain; charset=utf-8")
    return Body("text", value, "text/plain") if content_type else Body("json", parsed, "application/json")
