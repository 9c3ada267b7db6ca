"""Match requests to the actions of a connector, and read their values."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from connector.sandbox.api.pagination import parse_page_request
from connector.sandbox.api.router import Match, Router
from connector.sandbox.api.validator import RequestValidator, ValidatedRequest
from connector.sandbox.handlers import MatchedRequest
from connector.sandbox.http.body_parser import BadBody, parse_any_body

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.sandbox.api.servers import Servers
    from connector.sandbox.http.request import SandboxRequest


class FoundAction(NamedTuple):
    """The action that a request calls, and the inputs that are read from it."""

    action: Action
    inputs: dict[str, Any]


class RequestMatcher:
    """Matches requests to actions; each action's validator is compiled once."""

    def __init__(self, connector: Connector, servers: Servers) -> None:
        self._connector = connector
        self._servers = servers
        self._validators: dict[str, RequestValidator] = {}

    @cached_property
    def router(self) -> Router:
        """The routes of the connector; its action files are read now."""
        return Router(self._connector)

    def strip_base_path(self, path: str) -> str | None:
        """Return a path below the base URL, or below that of a server; None for one beside them."""
        api_path = self._servers.split_path(path)
        return api_path.path if api_path is not None else None

    def find_matches(self, request: SandboxRequest) -> list[Match]:
        """Return the routes that match a request's path, the most specific first."""
        api_path = self._servers.split_path(request.path, request.headers.get("host", ""))
        if api_path is None:
            return []
        return [replace(match, servers=api_path.servers) for match in self.router.find_matches(api_path.path)]

    def find_action(self, request: SandboxRequest) -> FoundAction | None:
        """Return the action that a request calls: the first one that it fits, else the first one with its path."""
        first = None
        for match, action in list_candidates(request, self.find_matches(request)):
            if action is not None and request.method in match.route.methods:
                validated = self._get_validator(action).validate(request, match.segments)
                found = FoundAction(action, validated.inputs)
                if not validated.errors:
                    return found
                first = first or found
        return first

    def match(
        self, request: SandboxRequest, match: Match, action: Action | None
    ) -> tuple[MatchedRequest, dict[str, str]]:
        """Validate a request against an action; return it with its errors by field."""
        if action is None:
            path_values = tuple(map(unquote, match.segments))
            validated, pagination = _parse_unvalidated(request), None
        else:
            validator = self._get_validator(action)
            path_values, pagination = validator.decode_path_values(match.segments), validator.pagination
            validated = validator.validate(request, match.segments)
        errors = dict(validated.errors)
        example = action.returns.example if action else None
        page_request = parse_page_request(pagination, request, validated.body, example, errors) if pagination else None
        return MatchedRequest(
            request, match.route, path_values, action, validated.body, pagination, page_request
        ), errors

    def _get_validator(self, action: Action) -> RequestValidator:
        validator = self._validators.get(action.action)
        if validator is None:
            validator = self._validators[action.action] = RequestValidator(self._connector, action)
        return validator


def list_candidates(request: SandboxRequest, matches: list[Match]) -> list[tuple[Match, Action | None]]:
    """Return the actions of matched routes that have the request's method; None for a route without one.

    An action is none of another server, nor of a sub-account if it has no variant for one.
    """
    method = "GET" if request.method == "HEAD" else request.method
    return [
        (match, action)
        for match in matches
        for action in match.route.actions.get(method) or (None,)
        if action is None or match.has(action)
    ]


def _parse_unvalidated(request: SandboxRequest) -> ValidatedRequest:
    try:
        return ValidatedRequest(parse_any_body(request).tree)
    except BadBody as error:
        return ValidatedRequest({}, {error.name: error.reason})
