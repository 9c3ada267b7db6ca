"""Validate requests: map each value back to its input, and check it there."""

from __future__ import annotations

import json
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from connector.core.exchange.plan import compile_action
from connector.core.inputs.time_forms import from_time_form
from connector.core.json_path import set_at
from connector.core.request.body import to_wire_text
from connector.definition.inputs.request_location import LATER_PARTS, RequestLocation
from connector.errors import InputError
from connector.first_use import dataclass
from connector.sandbox.api.json_types import TEXT_TYPES, find_expected_type, has_type
from connector.sandbox.api.objects import MISSING, ObjectReader, find_at_path, find_covers
from connector.sandbox.http.body_parser import BadBody, ParsedBody, parse_body, unflatten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.response.pagination.settings import Pagination
    from connector.definition.action import Action
    from connector.definition.fields import Input, InputField
    from connector.definition.loader import Connector
    from connector.sandbox.http.request import SandboxRequest

_BODY_PARTS = ("body", "form", "file")


@dataclass(frozen=True, slots=True)
class ValidatedRequest:
    """The validated body of a request, its errors by field, and the inputs that were sent."""

    body: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _RequestParts:
    """The parts of one request, in which values are looked up by location."""

    path_values: Mapping[str, str]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    body: ParsedBody

    def get_value(self, location: RequestLocation) -> Any:
        """Return the value at a location, or MISSING."""
        name = ".".join(location.path)
        if location.part == "path":
            return self.path_values.get(location.path[0], MISSING)
        if location.part == "header":
            return self.headers.get(name.lower(), MISSING)
        if location.part == "file":
            return self.body.files.get(name, MISSING)
        return find_at_path(self.query if location.part == "query" else self.body.tree, location.path)

    def is_text_at(self, location: RequestLocation) -> bool:
        """Whether values at a location are always text."""
        return self.body.is_text_only if location.part in _BODY_PARTS else True


class RequestValidator:
    """Validates requests against one action; compiled once."""

    def __init__(self, connector: Connector, action: Action) -> None:
        self.action = action
        compiled_action = compile_action(connector, action.action)
        self._sent = {key: one for key, one in action.inputs.items() if one.location.part not in LATER_PARTS}
        self._check = compiled_action.validate
        self.pagination: Pagination | None = compiled_action.pagination
        constants = {**connector.manifest.plain_constants, **action.constants}
        self._constants = [(RequestLocation.parse(target), value) for target, value in constants.items()]
        self._wire_names = {key: _location_name(input_field.location) for key, input_field in action.inputs.items()}
        self._covers = find_covers(action)
        self._use_brackets = action.form_nesting == "brackets"
        body_locations = [field.location for field in action.inputs.values() if field.location.part in _BODY_PARTS]
        self._has_body_fields = any(location.path or location.spread for location in body_locations)
        self._has_single_body_input = len(body_locations) == 1
        self._double_encoded = {
            field.location.path[0]
            for field in action.inputs.values()
            if field.encode == "uuid" and field.location.part == "path"
        }

    def validate(self, request: SandboxRequest, segments: tuple[str, ...]) -> ValidatedRequest:
        """Validate a request whose path has these encoded segments; report every problem."""
        errors: dict[str, str] = {}
        body, body_unreadable = ParsedBody({}), False
        try:
            body = self._parse_body(request)
        except BadBody as error:
            body_unreadable = True
            errors[error.name] = error.reason
        query = unflatten(request.query, use_brackets=self._use_brackets)
        path_values = dict(zip(self.action.path_names, self.decode_path_values(segments), strict=True))
        parts = _RequestParts(path_values, query, request.headers, body)
        given = self._read_inputs(parts, errors)
        self._check_constants(parts, given, errors, body_unreadable=body_unreadable)
        values = self._check_inputs(given, errors, body_unreadable=body_unreadable)
        inputs = {
            key: value if self._is_sent_otherwise(key) else values.get(key, value) for key, value in given.items()
        }
        return ValidatedRequest(self._convert_body(parts, values) if not errors else {}, errors, inputs)

    def _is_sent_otherwise(self, key: str) -> bool:
        """Whether the value of an input is sent in another form than it is given in."""
        input_field = self.action.inputs[key]
        return bool(input_field.members) or input_field.wire is not None

    def decode_path_values(self, segments: tuple[str, ...]) -> tuple[str, ...]:
        """Decode the segments of a path into values."""
        pairs = zip(self.action.path_names, segments, strict=True)
        return tuple(decode_path_value(segment, double_encoded=name in self._double_encoded) for name, segment in pairs)

    def _parse_body(self, request: SandboxRequest) -> ParsedBody:
        body = parse_body(
            self.action.body, request, use_brackets=self._use_brackets, content_type=self.action.content_type
        )
        if self._has_body_fields and not isinstance(body.data, dict):
            raise BadBody("body", "Expected a JSON object." if self.action.body == "json" else "Expected form fields.")
        return body

    def _read_inputs(self, parts: _RequestParts, errors: dict[str, str]) -> dict[str, Any]:
        """Return the values by input key; add wire-type mismatches to `errors`."""
        given: dict[str, Any] = {}
        for key, input_field in self._sent.items():
            raw = self._get_whole_body(parts) if _is_whole_body(input_field) else parts.get_value(input_field.location)
            if input_field.location.spread:
                raw = self._drop_owned_fields(input_field, raw)
            if raw is MISSING or any(parts.get_value(place) is not MISSING for place in self._covers[key]):
                continue
            read = partial(self._read_value, errors, is_text=parts.is_text_at(input_field.location))
            given[key] = read(input_field, raw, self._wire_names[key])
        return given

    def _read_value(self, errors: dict[str, str], field: InputField, raw: Any, name: str, *, is_text: bool) -> Any:
        """Return a value as a caller gives it; add wire-type mismatches to `errors`."""
        if field.members:
            read = partial(self._read_value, errors, is_text=is_text)
            reader = ObjectReader(read, partial(_check_constant, errors, is_text=is_text))
            return reader.read_objects(field, raw, name)
        value = _parse_text_value(field, raw, self.action.lists) if is_text else raw
        if field.wire is not None and value is not None:
            kind, expected_kind = (str, "a JSON string") if field.wire == "date" else (int, "a JSON number")
            if not is_text and not has_type(value, (kind,)):
                errors.setdefault(name, f"Expected {expected_kind}.")
            return from_time_form(field.wire, value)
        expected = find_expected_type(field, value, is_text=is_text)
        if expected:
            errors.setdefault(name, f"Expected {expected}.")
        is_json_text = field.type == "json" and isinstance(value, str) and not is_text
        return json.dumps(value) if is_json_text else value  # a caller gives a text as JSON: in quotes

    def _get_whole_body(self, parts: _RequestParts) -> Any:
        return parts.body.data if self._has_single_body_input and parts.body.data else MISSING

    def _drop_owned_fields(self, spread_field: Input, container: Any) -> Any:
        """Drop the fields of an object that other inputs own; return any other value unchanged."""
        prefix, part = spread_field.location.path, spread_field.location.part
        paths = [field.location.path for field in self.action.inputs.values() if field.location.part == part]
        owned_names = {path[len(prefix)] for path in paths if len(path) > len(prefix) and path[: len(prefix)] == prefix}
        if not isinstance(container, dict):
            return container
        return {name: value for name, value in container.items() if name not in owned_names} or MISSING

    def _check_constants(
        self, parts: _RequestParts, given: Mapping[str, Any], errors: dict[str, str], *, body_unreadable: bool
    ) -> None:
        """Check the constants of every request, and those that go beside the inputs that were sent."""
        added = (
            (RequestLocation.parse(place), value)
            for key, field in self.action.inputs.items()
            if given.get(key) is not None
            for place, value in field.adds.items()
        )
        for location, value in (*self._constants, *added):
            if not (body_unreadable and location.part in _BODY_PARTS):
                actual, is_text = parts.get_value(location), parts.is_text_at(location)
                _check_constant(errors, _location_name(location), actual, value, is_text=is_text)

    def _check_inputs(self, given: dict[str, Any], errors: dict[str, str], *, body_unreadable: bool) -> dict[str, Any]:
        """Return the converted values; add the problems of the others to `errors`."""
        try:
            return self._check(given)
        except InputError as error:
            later_keys = self.action.inputs.keys() - self._sent.keys()
            problems = [problem for problem in error.problems if problem.field not in later_keys]
            for problem in problems:
                key, dot, member = problem.field.partition(".")
                if not (body_unreadable and key in self._sent and self._sent[key].location.part in _BODY_PARTS):
                    name = self._wire_names.get(key, key) + dot + member
                    errors.setdefault(name, f"Expected {problem.expected}; got {problem.got}.")
            return {} if problems else given

    def _convert_body(self, parts: _RequestParts, values: dict[str, Any]) -> dict[str, Any]:
        """Return the request body as an object; form texts take the types of their inputs."""
        tree = parts.body.tree
        for key, input_field in self.action.inputs.items() if parts.body.is_text_only else ():
            location = input_field.location
            is_field = location.part in ("body", "form") and location.path and not location.spread
            if is_field and parts.get_value(location) is not MISSING:
                tree = set_at(tree, location.path, values[key])
        return tree


def decode_path_value(raw: str, *, double_encoded: bool) -> str:
    """Decode a path segment; with `double_encoded` it may be a UUID that was encoded twice."""
    value = unquote(raw)
    decoded_twice = unquote(value) if double_encoded else value
    return decoded_twice if decoded_twice.startswith("/") or "//" in decoded_twice else value


def _location_name(location: RequestLocation) -> str:
    return ".".join(location.path) or location.part


def _check_constant(errors: dict[str, str], name: str, actual: Any, value: Any, *, is_text: bool) -> None:
    """Add to `errors` when something else than a constant stands in its place."""
    expected = to_wire_text(value) if is_text and not isinstance(value, dict | list) else value
    if actual != expected:
        got = "nothing" if actual is MISSING else actual
        errors.setdefault(name, f"Expected {to_wire_text(value)}; got {got}.")


def _is_whole_body(input_field: Input) -> bool:
    return input_field.location.part == "body" and not input_field.location.path and not input_field.location.spread


def _parse_text_value(input_field: InputField, raw: Any, list_style: str) -> Any:
    """Convert a value from a query, a header or a form for its input."""
    shows_list = input_field.type == "json" and isinstance(input_field.example, list) and not str(raw).startswith("[")
    if (input_field.is_list and not input_field.join) or shows_list:
        if isinstance(raw, str):
            return raw.split(",") if list_style == "comma" or input_field.location.part == "header" else [raw]
        return raw
    if isinstance(raw, list) and raw and all(isinstance(item, str) for item in raw) and input_field.type != "json":
        return raw[-1]
    if input_field.type == "map of list of string" and isinstance(raw, dict):
        return {name: item if isinstance(item, list) else [item] for name, item in raw.items()}
    is_cleared = input_field.location.part in _BODY_PARTS and raw == "" and input_field.type not in TEXT_TYPES
    return None if is_cleared else raw
