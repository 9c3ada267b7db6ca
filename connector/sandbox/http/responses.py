"""Responses, and the error responses of the service that the sandbox imitates."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic_core import to_json

from connector.core.json_path import get_from_reply, set_at_path
from connector.definition.json_path import parse_reply_path
from connector.definition.manifest import ErrorReply
from connector.first_use import dataclass
from connector.sandbox.http.body_formats import encode_body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.request.builder import Pairs
    from connector.definition.manifest import Manifest
    from connector.definition.replies.error_format import ErrorRule
    from connector.definition.replies.returns import Returns

ResponseDelivery = Literal["sent", "lost", "refused"]
FieldError = tuple[str, str]  # field name, message

_JSON_HEADERS = (("content-type", "application/json"),)
_DEFAULT_MISSING_REPLY = ErrorReply(status=404, message="Not found: {id}.")
_DEFAULT_INVALID_REPLY = ErrorReply(status=400, message="The request is not valid.")
_SIGN_IN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"


class ChangeEvent(NamedTuple):
    """A change to report: event name, changed record, and the record before an update."""

    event: str
    subject: dict[str, Any]
    before: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SandboxResponse:
    """A response: status, headers (names in lower case), body; sent after `delay` seconds.

    `delivery` is "lost" when the request is processed but the response never arrives, "refused" when the connection
    is refused; `changes` are the events to send.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    delivery: ResponseDelivery = "sent"
    delay: float = 0.0
    changes: tuple[ChangeEvent, ...] = field(default=(), repr=False)

    def without_body(self) -> SandboxResponse:
        """Return the response to HEAD: no body, but its content-length."""
        return replace(self, headers=(*self.headers, ("content-length", str(len(self.body)))), body=b"")


CONNECTION_REFUSED = SandboxResponse(0, delivery="refused")
SIGN_IN_PAGE_RESPONSE = SandboxResponse(200, (("content-type", "text/html; charset=utf-8"),), _SIGN_IN_PAGE)


def build_json_response(status: int, value: Any, headers: Pairs = ()) -> SandboxResponse:
    """Build a JSON response."""
    return SandboxResponse(status, (*_JSON_HEADERS, *headers), to_json(value))


class ErrorResponses:
    """Builds the service's error responses, in the shape that its manifest describes."""

    def __init__(self, manifest: Manifest) -> None:
        self._errors = manifest.errors
        self._missing_reply = manifest.sandbox.missing or _DEFAULT_MISSING_REPLY
        self._invalid_reply = manifest.sandbox.invalid or _DEFAULT_INVALID_REPLY

    def build_not_found(self, name: str) -> SandboxResponse:
        """Build the response for a record that does not exist."""
        error_reply = self._missing_reply
        return self._build_response(error_reply.status, error_reply.code, error_reply.message.replace("{id}", name))

    def build_unknown_endpoint(self, method: str, path: str) -> SandboxResponse:
        """Build the response for a path that no action has: the service may know it, the sandbox cannot."""
        message = f"The sandbox has no endpoint {method} {path}: no action has this path. A dry run shows the request."
        return self._build_response(404, None, message)

    def build_method_not_allowed(self, allowed: Sequence[str]) -> SandboxResponse:
        """Build the response for a method that the path does not support."""
        allow = ("allow", ", ".join(sorted(allowed)))
        return self._build_response(405, None, "Method not allowed.", headers=(allow,))

    def build_invalid_request(self, problems: Sequence[FieldError]) -> SandboxResponse:
        """Build the response for an invalid request, with every problem."""
        status, code, message = self._invalid_reply.status, self._invalid_reply.code, self._invalid_reply.message
        if not self._errors.field_paths:
            message = " ".join([message, *(f"{name}: {problem}" for name, problem in problems)])
        return self._build_response(status, code, message, problems)

    def build_unknown_cursor(self, name: str) -> SandboxResponse:
        """Build the response for an unknown or expired cursor."""
        rule = self._find_rule("cursor_expired")
        if rule is None:
            return self.build_invalid_request([(name, "The cursor is invalid or has expired.")])
        message = f"The {rule.message or 'cursor'} is invalid or has expired."
        return self._build_response(
            _first_value(rule.status) or self._invalid_reply.status, _first_value(rule.code), message
        )

    def build_unauthorized(self) -> SandboxResponse:
        """Build the response for a missing or rejected credential."""
        rule = self._find_rule("token_rejected")
        message = (rule.message if rule else None) or "Invalid access token."
        status, code = (rule.status, rule.code) if rule else (None, None)
        return self._build_response(_first_value(status) or 401, _first_value(code), message)

    def build_too_many_requests(self, retry_after: int) -> SandboxResponse:
        """Build a 429 response with the seconds to wait."""
        return self._build_response(429, None, "Too many requests.", headers=(("retry-after", str(retry_after)),))

    def build_rate_limited(self, headers: Pairs) -> SandboxResponse:
        """Build a 429 response with the headers that name the exceeded limit."""
        is_daily = ("x-ratelimit-type", "Daily-limit") in headers
        message = "Daily rate limit exceeded." if is_daily else "Rate limit exceeded. Try again later."
        return self._build_response(429, None, message, headers=headers)

    def build_server_error(self, status: int, message: str = "The service is unavailable.") -> SandboxResponse:
        """Build an error response with this status and message."""
        return self._build_response(status, None, message)

    def _find_rule(self, category: str) -> ErrorRule | None:
        return next((rule for rule in self._errors.rules if rule.category == category), None)

    def _build_response(
        self, status: int, code: Any, message: str, problems: Sequence[FieldError] = (), headers: Pairs = ()
    ) -> SandboxResponse:
        """Build an error response whose details are where the manifest says."""
        errors, reply = self._errors, _DraftReply(headers)
        message_path = next(iter(errors.message_paths), None if errors.code or errors.fields else "message")
        code_path = next(iter(errors.code_paths), None)
        if message_path is not None:
            reply.set(message_path, message)
        if code_path is not None and (code is not None or code_path != message_path):
            reply.set(code_path, status if code is None else code)
        if problems and errors.field_paths:
            reply.add_fields(errors.field_paths[0], problems)
        if errors.failure_paths and not any(map(reply.has, errors.failure_paths)):
            reply.set(errors.failure_paths[0], [{"message": message}])
        if not errors.failure_paths and code_path not in errors.failure_values:
            reply.set_failure(errors.failure_values, message_path)
        retry_after = dict(headers).get("retry-after")
        if errors.retry_after is not None and retry_after is not None:
            reply.set(errors.retry_after, int(retry_after) * (1000 if errors.unit == "ms" else 1))
        return build_json_response(status, reply.body, tuple(reply.headers))


class _DraftReply:
    """The body and headers of an error response, set by the paths of a manifest."""

    def __init__(self, headers: Pairs) -> None:
        self.body: Any = {}
        self.headers = list(headers)

    def has(self, path: str) -> bool:
        """Whether there is something at a path."""
        return bool(get_from_reply(self.body, dict(self.headers).get, path))

    def set(self, path: str, value: Any) -> None:
        """Set the value at a path of the body, or a header."""
        header = parse_reply_path(path).header
        if header is None:
            self.body = set_at_path(self.body, path, value)
        elif header not in dict(self.headers):
            self.headers.append((header, str(value)))

    def set_failure(self, failure_values: Mapping[str, Sequence[Any]], message_path: str | None) -> None:
        """Set the first place whose value shows a failure; not that of the message."""
        path = next((path for path in failure_values if path != message_path), None)
        if path is not None:
            self.set(path, failure_values[path][0])

    def add_fields(self, path: str, problems: Sequence[FieldError]) -> None:
        """Add the messages of fields: a list of field and message, or a mapping by name at the body's top."""
        if path == ".":
            self.body = {**self.body, **{name: [problem] for name, problem in problems}}
            return
        entries: list[Any] = [{"field": name, "message": problem} for name, problem in problems]
        present = get_from_reply(self.body, dict(self.headers).get, path)
        if isinstance(present, list) and present and isinstance(present[0], dict):
            entries.insert(0, present[0])  # the code and the message of the whole
        self.set(path, entries)


def _first_value(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def build_returned_response(returns: Returns, status: int, value: Any, headers: Pairs = ()) -> SandboxResponse:
    """Build a response with the body type that a definition declares."""
    body_type = returns.type
    if body_type == "none":
        return SandboxResponse(204, headers)
    if body_type == "json":
        return build_json_response(status, value, headers)
    body, content_type = encode_body(body_type, value)
    return SandboxResponse(status, (("content-type", content_type), *headers), body)
