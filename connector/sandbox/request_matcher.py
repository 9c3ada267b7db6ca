"""Match requests to the actions of a connector, and read their values."""

from __future__ import annotations

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
    from connector.sandbox.http.request import SandboxRequest


class FoundAction(NamedTuple):
    """The action that a request calls, and the inputs that are read from it."""

    action: Action
    inputs: dict[str, Any]


class RequestMatcher:
    """Matches requests to actions; each action's validator is compiled once. `base_path` is that of the base URL."""

    def __init__(self, connector: Connector, base_path: str) -> None:
        self._connector = connector
        self._base_path = base_path
        self._validators: dict[str, RequestValidator] = {}

    @cached_property
    def router(self) -> Router:
        """The routes of the connector; its action files are read now."""
        return Router(self._connector)

    def strip_base_path(self, path: str) -> str | None:
        """Return a path below the base URL, or None for one beside it."""
        return path.removeprefix(self._base_path) if path.startswith(f"{self._base_path}/") else None

    def find_action(self, request: SandboxRequest) -> FoundAction | None:
        """Return the action that a request calls: the first one that it fits, else the first one with its path."""
        path = self.strip_base_path(request.path)
        first = None
        for match, action in list_candidates(request, [] if path is None else self.router.find_matches(path)):
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

    An action that has no sub-account variant is none for a path of a sub-account.
    """
    method = "GET" if request.method == "HEAD" else request.method
    return [
        (match, action)
        for match in matches
        for action in match.route.actions.get(method) or (None,)
        if action is None or action.subaccount or not match.subaccount
    ]


def _parse_unvalidated(request: SandboxRequest) -> ValidatedRequest:
    try:
        return ValidatedRequest(parse_any_body(request).tree)
    except BadBody as error:
        return ValidatedRequest({}, {error.name: error.reason})
