"""Send token requests, with retries, to allowed hosts only."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core import url_policy
from connector.core.auth import token_reply
from connector.core.auth.device_code import parse_device_reply
from connector.core.auth.oauth import TokenFailure
from connector.core.auth.oauth_client import DEFAULT_FIELDS
from connector.core.auth.token_set import TokenSet
from connector.core.response import retry_after
from connector.core.response.reply import Reply
from connector.errors import RateLimited, ServiceDown, SignInError, TransportError
from connector.runtime.auth import unsaved_tokens
from connector.runtime.http.transport import load_transport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.auth.device_code import DeviceCode
    from connector.core.auth.oauth import TokenRequest
    from connector.core.auth.oauth_client import TokenFields
    from connector.core.request.builder import Request
    from connector.core.response.reply import Failure
    from connector.errors import ConnectorError
    from connector.runtime.clock import Clock

SEND_TIMEOUT = 30.0  # seconds for one request
MAX_ATTEMPTS = 3
RETRY_DELAY = 1.0  # seconds; doubles with each attempt
MAX_RETRY_DELAY = 10.0  # seconds; a service that asks for more is not retried


_log = logging.getLogger("connector.connection")


def is_allowed_url(url: str, hosts: Iterable[str]) -> bool:
    """Whether a secret may go to a URL: https at one of the connector's hosts, or this machine."""
    return url_policy.may_receive_credentials(url, hosts) or url_policy.is_loopback_url(url)


def request_token(
    token_request: TokenRequest,
    http: Any,
    clock: Clock,
    previous: TokenSet | None = None,
    fields: TokenFields = DEFAULT_FIELDS,
) -> TokenSet | TokenFailure:
    """Send one request through a transport (None: a new one); redirects are not followed."""
    request, reply_or_failure = token_request[0], send(token_request, http)
    if isinstance(reply_or_failure, Reply):
        answer = token_reply.parse_token_reply(request, reply_or_failure, clock.time(), previous, fields)
        for oddity in token_reply.find_oddities(reply_or_failure, fields) if isinstance(answer, TokenSet) else ():
            _log.warning("the token reply of %s is used, but %s", urlsplit(request.base_url).hostname, oddity)
        return answer
    return _build_transport_failure(request, reply_or_failure)


def request_device_code(token_request: TokenRequest, http: Any, clock: Clock) -> DeviceCode | TokenFailure:
    """Send one request for a device code."""
    request, reply_or_failure = token_request[0], send(token_request, http)
    if isinstance(reply_or_failure, Reply):
        return parse_device_reply(request, reply_or_failure, clock.time())
    return _build_transport_failure(request, reply_or_failure)


def send(token_request: TokenRequest, http: Any) -> Reply | Failure:
    """Send one request through a transport (None: a new one)."""
    request, credential = token_request
    transport = http if http is not None else load_transport(None, asynchronous=False)
    try:
        reply_or_failure: Reply | Failure = transport.send(
            request, credential, time.monotonic() + SEND_TIMEOUT, None, None
        )
    finally:
        if transport is not http:
            transport.close()
    return reply_or_failure


def _build_transport_failure(request: Request, failure: Failure) -> TokenFailure:
    message = f"the token endpoint: {request.full_redactor.redact_text(failure.message)}"
    return TokenFailure(
        "refused" if failure.final else "later",
        message,
        failure_kind=failure.kind,
        may_be_issued=failure.sent == "maybe",
    )


def request_token_with_retries(
    token_request: TokenRequest,
    http: Any,
    clock: Clock,
    previous: TokenSet | None = None,
    fields: TokenFields = DEFAULT_FIELDS,
) -> TokenSet | TokenFailure:
    """Send a request up to MAX_ATTEMPTS times: retry temporary failures, and a lost reply once.

    A process that is ending makes no further attempt.
    """
    maybe_issued, lost_replies = False, 0
    for attempt in range(MAX_ATTEMPTS):
        answer = request_token(token_request, http, clock, previous, fields)
        if isinstance(answer, TokenFailure):
            maybe_issued, lost_replies = (
                maybe_issued or answer.may_be_issued,
                lost_replies + bool(answer.failure_kind and answer.may_be_issued),
            )
            answer = replace(answer, may_be_issued=maybe_issued)
        if (
            isinstance(answer, TokenSet)
            or answer.issued is not None
            or answer.category != "later"
            or lost_replies > 1
            or attempt == MAX_ATTEMPTS - 1
        ):
            return answer
        delay = RETRY_DELAY * 2**attempt * (0.5 + clock.jitter())
        if answer.retry_at is not None:
            delay = max(delay, answer.retry_at - clock.time())
        if delay > MAX_RETRY_DELAY:
            return answer
        clock.wait_or_stop(delay, unsaved_tokens.IS_ENDING)
        if unsaved_tokens.IS_ENDING.is_set():
            return answer
    raise AssertionError("the last attempt returns")


def build_token_error(answer: TokenFailure, *, hint: str) -> ConnectorError:
    """Return the error of an answer without a token that does not end the connection."""
    message, retry_hint = f"No new token: {answer.message}.", "Nothing is lost; try again later."
    if answer.issued is not None:
        hint = retry_hint = "The new refresh token that came with the reply is kept; try again later."
    if answer.failure_kind:
        is_temporary = answer.category == "later"
        return TransportError(
            message, kind=answer.failure_kind, retryable=is_temporary, hint=retry_hint if is_temporary else hint
        )
    details = {"status": answer.status, "message": answer.message, "outcome": "not_sent"}
    if answer.category == "later":
        retry_at = retry_after.to_utc_datetime(answer.retry_at) if answer.retry_at else None
        error_class = RateLimited if answer.status == HTTPStatus.TOO_MANY_REQUESTS else ServiceDown
        return error_class(message, hint=retry_hint, retry_at=retry_at, **details)
    if answer.category == "unreadable":
        return ServiceDown(message, hint=hint, retryable=False, **details)
    return SignInError(message, hint=hint, status=answer.status, code=answer.code or None)
