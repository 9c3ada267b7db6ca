"""Canned replies: what a test lets the service answer to an action or a path."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json

from connector.core.redaction import describe_type
from connector.errors import UsageError
from connector.first_use import dataclass, prepare_pattern
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.sandbox.handlers import build_action_response
from connector.sandbox.http.responses import SandboxResponse, build_json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.sandbox.http.request import SandboxRequest
    from connector.sandbox.http.responses import ErrorResponses
    from connector.sandbox.request_matcher import RequestMatcher

_PATH_TARGET = prepare_pattern(r"(?:(?P<method>[A-Za-z]+) )?(?P<path>/[^\s?#]*)\Z")
_PLACEHOLDER = prepare_pattern(r"\{[^{}]*\}")
_STATUSES = range(200, 600)
_RETRY_AFTER_SECONDS = 1
_TARGET_HINT = "Use an action's key, or a path such as /users/{userId} or 'DELETE /users/{userId}'."


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """The requests that a canned reply is for: those of an action, or those to a path, with any method or one."""

    action: Action | None = None
    method: str | None = None
    path_pattern: re.Pattern[str] | None = None

    @classmethod
    def parse(cls, connector: Connector, text: str) -> RequestTarget:
        """Parse an action's key or a path. Raises InputError for an unknown action, UsageError."""
        if "/" not in text:
            action = connector.action(text)
            if action.is_raw:
                raise UsageError(f"{action.action} sends any request.", hint=_TARGET_HINT)
            return cls(action)
        match = _PATH_TARGET.match(text)
        if match is None:
            raise UsageError(f"{text!r} is no path.", hint=_TARGET_HINT)
        literals = [re.escape(literal) for literal in _PLACEHOLDER.split(match["path"])]
        method = match["method"].upper() if match["method"] else None
        return cls(None, method, re.compile("[^/]+".join(literals) + r"/?\Z"))

    def is_target_of(self, request: SandboxRequest, matcher: RequestMatcher) -> bool:
        """Whether a request is one of these."""
        if self.path_pattern is None:
            found = matcher.find_action(request)
            return found is not None and found.action is self.action
        paths = (matcher.strip_base_path(request.path), request.path)
        return self.method in (None, request.method) and any(
            path is not None and self.path_pattern.match(path) for path in paths
        )


@dataclass(slots=True)
class CannedReply:
    """One canned reply: its target, how many requests it is still for (None: all), and what they get.

    Without a response the service answers by itself; with `is_lost` the reply never arrives.
    """

    target: RequestTarget
    remaining: int | None
    response: SandboxResponse | None
    is_lost: bool = False


class CannedReplies:
    """The canned replies of one service, used in the order in which they were added. Thread-safe."""

    def __init__(self, connector: Connector, errors: ErrorResponses) -> None:
        self._connector = connector
        self._errors = errors
        self._replies: list[CannedReply] = []
        self._lock = ForkSafeLock()

    def add_reply(
        self, target: str, *, status: int, body: Any, headers: Mapping[str, str] | None, times: int | None
    ) -> None:
        """Add a reply. Raises InputError for an unknown action, UsageError for an invalid argument."""
        parsed = RequestTarget.parse(self._connector, target)
        if type(status) is not int or status not in _STATUSES:
            raise UsageError(f"Invalid status {status!r}.", hint="Use a status from 200 to 599.")
        response = self._build_response(parsed.action, status) if body is None else _build_body_response(status, body)
        self._add(parsed, times, _set_headers(response, headers or {}))

    def add_lost_reply(self, target: str, times: int | None) -> None:
        """Lose the reply to a request that is processed. Raises as `add_reply`."""
        self._add(RequestTarget.parse(self._connector, target), times, None, is_lost=True)

    def _add(
        self, target: RequestTarget, times: int | None, response: SandboxResponse | None, *, is_lost: bool = False
    ) -> None:
        if times is not None and (type(times) is not int or times < 1):
            raise UsageError(f"Invalid times {times!r}.", hint="Use a whole number from 1, or None for every request.")
        with self._lock:
            self._replies.append(CannedReply(target, times, response, is_lost))

    def _build_response(self, action: Action | None, status: int) -> SandboxResponse:
        """Return the response of a status without a given body: the service's own error, or the action's example."""
        if status == HTTPStatus.UNAUTHORIZED:
            return replace(self._errors.build_unauthorized(), status=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._errors.build_too_many_requests(_RETRY_AFTER_SECONDS)
        if status == HTTPStatus.NOT_FOUND:
            return replace(self._errors.build_not_found("the record"), status=status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self._errors.build_server_error(status)
        if status >= HTTPStatus.BAD_REQUEST:
            return self._errors.build_server_error(status, "The request was refused.")
        if status == HTTPStatus.NO_CONTENT:
            return SandboxResponse(status)
        if action is None:
            return build_json_response(status, {})
        return replace(build_action_response(action, status, action.returns.example), status=status)

    def clear(self) -> None:
        """Forget all replies."""
        with self._lock:
            self._replies.clear()

    def take_next(self, request: SandboxRequest, matcher: RequestMatcher) -> CannedReply | None:
        """Return the reply for a request, or None."""
        if not self._replies:
            return None
        with self._lock:
            for reply in self._replies:
                if reply.remaining != 0 and reply.target.is_target_of(request, matcher):
                    reply.remaining = None if reply.remaining is None else reply.remaining - 1
                    return reply
        return None


def _build_body_response(status: int, body: Any) -> SandboxResponse:
    """Return a response with a body: bytes, a text, or anything else as JSON. Raises UsageError."""
    if isinstance(body, bytes):
        return SandboxResponse(status, (("content-type", "application/octet-stream"),), body)
    if isinstance(body, str):
        return SandboxResponse(status, (("content-type", "text/plain; charset=utf-8"),), body.encode())
    try:
        return SandboxResponse(status, (("content-type", "application/json"),), to_json(body))
    except PydanticSerializationError:
        hint = "Pass JSON data, a text or bytes."
        raise UsageError(f"The body is {describe_type(body)}, which is no JSON.", hint=hint) from None


def _set_headers(response: SandboxResponse, headers: Mapping[str, str]) -> SandboxResponse:
    """Return a response with these headers, in place of its own of the same names."""
    given = {name.lower(): str(value) for name, value in headers.items()}
    kept = tuple((name, value) for name, value in response.headers if name not in given)
    return replace(response, headers=(*kept, *given.items()))
