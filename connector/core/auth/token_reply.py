"""Read the replies of a token endpoint.

A refresh token is good once, so only its reply has the next one. Whatever else is odd in that reply, a refresh token in
it is returned to be stored, and the rest is read as services write it rather than as the standard has it.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from http import HTTPStatus
from math import isnan
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pydantic_core import from_json

from connector.core.auth.oauth import TokenFailure, TokenFailureCategory, shorten
from connector.core.auth.oauth_client import DEFAULT_FIELDS, TokenFields
from connector.core.auth.session import parse_login_reply
from connector.core.auth.token_set import NO_EXPIRY, TokenSet, is_header_safe, is_proof_type, split_scopes
from connector.core.json_path import get_at, get_at_path
from connector.core.redaction import describe_type
from connector.core.response import retry_after
from connector.core.response.error_texts import read_text
from connector.definition.json_path import parse_path
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.redaction import Redactor
    from connector.core.request.builder import Request
    from connector.core.response.reply import Reply

DEFAULT_LIFETIME = 3600.0  # seconds, when the reply has no expires_in, which RFC 6749, 4.2.2 recommends
MAX_LIFETIME = 10 * 365 * 86_400.0  # seconds
_ERROR_FIELDS = ("error", "error_description", "code", "reason", "message")
_RETRYABLE_STATUSES = (408, 409, 423, 425, 429)
_CATEGORIES: dict[str, TokenFailureCategory] = {
    "invalid_grant": "grant",
    "invalid_client": "client",
    "temporarily_unavailable": "later",
    "server_error": "later",
    "slow_down": "later",
}
_NUMBER = prepare_pattern(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?", re.ASCII)


def parse_token_reply(
    request: Request,
    reply: Reply,
    now: float,
    previous: TokenSet | None = None,
    token_fields: TokenFields = DEFAULT_FIELDS,
) -> TokenSet | TokenFailure:
    """Return the token set of a reply, or its failure, with a refresh token that came nevertheless as `issued`.

    `token_fields` say where the reply has the token. No message contains the raw body.
    """
    if token_fields.login is not None:
        return parse_login_reply(token_fields.login, reply, now)
    fields = _read_fields(reply.body, token_fields, previous)
    answer = _judge(request, reply, fields, now, previous)
    refresh_token = _find_refresh_token(fields or {})
    if isinstance(answer, TokenSet) or not refresh_token or (previous and previous.refresh_token == refresh_token):
        return answer
    issued = replace(previous or TokenSet("", 0.0), refresh_token=refresh_token)
    return replace(answer, issued=issued, may_be_issued=True)


def find_oddities(reply: Reply, token_fields: TokenFields = DEFAULT_FIELDS) -> tuple[str, ...]:
    """Return what is odd in a reply whose token is used all the same, a sentence each, without values."""
    fields = {} if token_fields.login else _read_fields(reply.body, token_fields, None) or {}
    oddities = []
    for key, is_readable in (
        ("expires_in", parse_lifetime(fields.get("expires_in")) is not None),
        ("scope", split_scopes(fields.get("scope")) is not None),
        ("refresh_token", _find_refresh_token(fields) is not None),
        ("token_type", isinstance(fields.get("token_type"), str)),
    ):
        if not is_readable and fields.get(key) not in (None, "", [], {}):
            oddities.append(f"its {key} is {describe_type(fields[key])} that means nothing here")
    return tuple(oddities)


def _read_fields(body: bytes, token_fields: TokenFields, previous: TokenSet | None) -> dict[str, Any] | None:
    """Return the fields of a reply in JSON or form-encoded by their usual names, or None.

    A broken character breaks its own value only.
    """
    try:
        data = from_json(body)
    except ValueError:
        data = _read_broken_json(body)
    return _rename_fields(data, token_fields, previous) if isinstance(data, dict) else None


def _rename_fields(data: dict[str, Any], token_fields: TokenFields, previous: TokenSet | None) -> dict[str, Any]:
    """Return the fields beside the token, and those of an error, by their usual names.

    A refresh may be answered without the outer fields in which the first token was.
    """
    *holder_names, name = parse_path(token_fields.token)
    holder = get_at(data, holder_names)
    if not isinstance(holder, dict) or name not in holder:
        holder, name = (_find_holder(data), "access_token") if previous or not holder_names else ({}, name)
    scope = holder.get("scope")
    usual = {
        "access_token": holder.get(name),
        "api_url": get_at_path(data, token_fields.base_url),
        "scope": " ".join(token_fields.split_scopes(scope)) if isinstance(scope, str) else scope,
    }
    errors = {key: data[key] for key in _ERROR_FIELDS if key in data}
    return {**errors, **holder, **{key: value for key, value in usual.items() if key in holder or value is not None}}


def _find_holder(data: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping that has the tokens: the reply itself, or the only one in it that has any."""
    if _has_token(data):
        return data
    holders = [value for value in data.values() if isinstance(value, dict) and _has_token(value)]
    return holders[0] if len(holders) == 1 else data


def _has_token(fields: dict[str, Any]) -> bool:
    return any(_to_token(fields.get(name)) for name in ("access_token", "refresh_token"))


def _to_token(value: Any) -> str:
    """Return a token as it is sent; empty for what is none."""
    return value.strip() if isinstance(value, str) else ""


def _read_broken_json(body: bytes) -> Any:
    """Read JSON with halves of characters or a byte order mark; else a form, as some services reply."""
    text = body.decode(json.detect_encoding(body), "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        form = dict(parse_qsl(text.strip()))
        return form if "access_token" in form or "refresh_token" in form else None


def read_reply_fields(body: bytes) -> dict[str, Any] | None:
    """Return the fields of a reply in JSON or form-encoded, or None."""
    return _read_fields(body, DEFAULT_FIELDS, None)


def read_failure(request: Request, reply: Reply, fields: Mapping[str, Any] | None, now: float) -> TokenFailure:
    """Return why a reply brings nothing."""
    answer = _judge(request, reply, fields, now, None)
    assert isinstance(answer, TokenFailure)
    return answer


def _judge(
    request: Request, reply: Reply, fields: Mapping[str, Any] | None, now: float, previous: TokenSet | None
) -> TokenSet | TokenFailure:
    status = reply.status
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if status in _RETRYABLE_STATUSES or is_server_error:
        message, retry_at = f"HTTP {status} from the token endpoint", retry_after.parse_retry_at(reply, now)
        return TokenFailure("later", message, retry_at=retry_at, status=status, may_be_issued=is_server_error)
    if fields is None:
        content_type = (reply.header("content-type") or "no content type").split(";")[0]
        content_type = shorten(request.full_redactor, content_type)
        message = f"HTTP {status} with {content_type} where a JSON token was expected"
        return TokenFailure("unreadable", message, status=status, may_be_issued=reply.is_success)
    if fields.get("error") or not reply.is_success:
        return _build_failure(request.full_redactor, status, fields)
    token_type = fields.get("token_type")
    problem = ""
    if not is_header_safe(_to_token(fields.get("access_token"))):
        problem = "the token reply has no access token that can be sent"
    elif is_proof_type(token_type):
        problem = (
            f"only bearer tokens are supported, and the token reply has one of type {_to_text(token_type).strip()}"
        )
    if problem:
        return TokenFailure("unreadable", problem, status=status, may_be_issued=True)
    return _build_token_set(fields, now, previous)


def _build_failure(redactor: Redactor, status: int, fields: Mapping[str, Any]) -> TokenFailure:
    error = fields.get("error")
    if isinstance(error, dict):  # some services have a mapping where the standard has a text
        fields = {
            **fields,
            **error,
            "error": next(filter(None, map(error.get, ("error", "code", "type", "status"))), None),
        }
    code = shorten(redactor, _to_text(fields.get("error") or fields.get("code") or status))
    description = read_text(fields.get("error_description") or fields.get("reason") or fields.get("message"))
    description = shorten(redactor, description).rstrip(".") or "no reason given"
    category = _CATEGORIES.get(code.lower(), "refused")
    return TokenFailure(category, f"the token endpoint said {code}: {description}", code, status=status)


def _build_token_set(fields: Mapping[str, Any], now: float, previous: TokenSet | None) -> TokenSet:
    """Return the token set of a good reply; what it leaves out, or says in no readable way, stays as it was."""
    before = previous or TokenSet("", 0.0)
    refresh_token = _find_refresh_token(fields) or before.refresh_token
    lifetime, scopes = parse_lifetime(fields.get("expires_in")), split_scopes(fields.get("scope"))
    api_url = fields.get("api_url")
    expires_at = now + (DEFAULT_LIFETIME if lifetime is None else lifetime)
    if not lifetime and refresh_token is None:
        expires_at = NO_EXPIRY  # nothing follows it: a guessed end would end the connection
    return TokenSet(
        access_token=_to_token(fields["access_token"]),
        expires_at=expires_at,
        obtained_at=now,
        refresh_token=refresh_token,
        scopes=before.scopes if scopes is None else scopes,
        api_url=api_url if isinstance(api_url, str) else before.api_url,
    )


def _find_refresh_token(fields: Mapping[str, Any]) -> str | None:
    """Return the refresh token of a reply if it can be sent."""
    value = _to_token(fields.get("refresh_token"))
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value or None


def parse_lifetime(value: Any) -> float | None:
    """Return a lifetime in seconds, at least 0; None when it is missing, or no number."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and isnan(value)):
        return None
    return float(max(0, min(value, MAX_LIFETIME)))


def _to_text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else describe_type(value)
