"""Sessions: the request of the action that signs in, and the token in its reply."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.auth.oauth import TokenFailure, shorten
from connector.core.auth.oauth_client import SessionLogin
from connector.core.auth.token_set import NO_EXPIRY, TokenSet, is_header_safe
from connector.core.inputs.validate import compile_validator
from connector.core.json_path import get_at_path
from connector.core.request.body import add_body_fields
from connector.core.request.builder import compile_request
from connector.core.response.api_errors import find_retry_at
from connector.core.response.error_details import ErrorDetails
from connector.core.response.parser import ResponseParser
from connector.core.url_policy import move_to_server
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.auth.oauth import TokenRequest
    from connector.core.auth.signing import Signer
    from connector.core.auth.site import Site
    from connector.core.response.reply import Reply
    from connector.definition.connection_type import ConnectionType
    from connector.definition.loader import Connector

_RETRYABLE_STATUSES = (408, 425, 429)
_FINAL_STATUSES = (400, 401, 403, 422)  # with which services refuse a password
_TEMPORARY_CATEGORIES = ("rate_limit", "concurrency", "daily_quota", "unavailable")
_UNREADABLE_CATEGORIES = ("unreadable", "cut")


def compile_login(
    connector: Connector, connection_type: ConnectionType, signer: Signer, values: Mapping[str, Any], site: Site
) -> SessionLogin:
    """Return how a connection signs in. Raises InputError for values that the action does not take, DefinitionError."""
    login = connection_type.login
    assert login is not None
    action = connector.action(login.action)
    validate = compile_validator(action, connector.choices, redaction.redactor_for(connector))
    given = {key: value for key, value in values.items() if key in action.inputs and value is not None}
    try:
        checked = validate(given)
    except InputError as error:
        problems = [_hide(problem, connection_type) for problem in error.problems]
        raise InputError.from_problems("connection", problems) from None
    secrets = tuple(
        str(values[key]) for key, field in connection_type.inputs.items() if field.secret and values.get(key)
    )
    request = compile_request(connector, action)(checked, site.find_url(action.server), secrets)
    credential = signer.sign_without_secret()
    if credential.body:
        request = replace(request, body=add_body_fields(action, request.body, credential.body))
    return SessionLogin(
        (request, credential), ResponseParser(connector, action), login.token, login.lifetime, site.base_url
    )


def build_login_request(login: SessionLogin, base_url: str | None = None) -> TokenRequest:
    """Return the request that signs in, at another base URL where the owner of the process names one."""
    request, credential = login.token_request
    if base_url is None:
        return login.token_request
    return replace(request, base_url=move_to_server(base_url, login.base_url, request.base_url)), credential


def parse_login_reply(login: SessionLogin, reply: Reply, now: float) -> TokenSet | TokenFailure:
    """Return the token of a reply by the action's definition, or why there is none; no message has the raw body."""
    request = login.token_request[0]
    parsed = login.parser.parse(request, reply)
    if isinstance(parsed, ErrorDetails):
        return _build_failure(login, parsed, reply, now)
    part, _, header = login.token.partition(".")
    found = reply.header(header) if part == "header" and header else get_at_path(parsed.data, login.token)
    token = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    if not is_header_safe(token):
        message = f"its reply has no token at {login.token} that can be sent"
        return TokenFailure("unreadable", f"the sign-in failed: {message}", status=reply.status, may_be_issued=True)
    expires_at = NO_EXPIRY if login.lifetime is None else now + login.lifetime
    return TokenSet(token, expires_at=expires_at, obtained_at=now)


def _build_failure(login: SessionLogin, details: ErrorDetails, reply: Reply, now: float) -> TokenFailure:
    """Return what a refusal means, by the error rules of the connector; a refused password is not tried again."""
    status, redactor = reply.status, login.token_request[0].full_redactor
    said = shorten(redactor, details.message or "no reason given").rstrip(".")
    message = f"the sign-in was refused ({status}): {said}"
    code = shorten(redactor, str(details.code or status))
    if details.category in _TEMPORARY_CATEGORIES or _is_temporary(status):
        return TokenFailure("later", message, code, find_retry_at(login.parser, reply, details, now), status)
    if details.category in _UNREADABLE_CATEGORIES:
        return TokenFailure("unreadable", message, code, status=status)
    is_final = status in _FINAL_STATUSES or status < HTTPStatus.MULTIPLE_CHOICES
    return TokenFailure("client" if is_final else "refused", message, code, status=status)


def _is_temporary(status: int) -> bool:
    return status in _RETRYABLE_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _hide(problem: Problem, connection_type: ConnectionType) -> Problem:
    """Return a problem of the action's input without the value of what is a secret of the connection."""
    field = connection_type.inputs.get(problem.field)
    return replace(problem, got=redaction.MASK) if field is not None and field.secret else problem
