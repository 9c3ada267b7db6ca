"""Token revocation (RFC 7009): the service ends the tokens of a connection."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.core.auth import oauth, token_reply
from connector.core.response.reply import Reply
from connector.errors import ServiceDown, SignInError, TransportError
from connector.first_use import dataclass
from connector.runtime.auth import token_endpoint
from connector.runtime.auth.discovery import find_addresses
from connector.runtime.clock import SystemClock
from connector.runtime.http.transport import load_transport

if TYPE_CHECKING:
    from connector.core.auth.oauth import TokenRequest
    from connector.runtime.auth.connection import Connection
    from connector.runtime.clock import Clock

_RETRY_HINT = "The connection is unchanged; try again later."


@dataclass(frozen=True, slots=True)
class RevocationResult:
    """The outcome for one token: `token_kind`, and `error`, the reason if the service did not end it."""

    token_kind: str
    error: str = ""


def revoke(connection: Connection, *, http: Any = None, clock: Clock | None = None) -> list[RevocationResult]:
    """Revoke a connection's tokens at the service; return one result for each token.

    The access token comes first: a service that ends both with it may no longer know the other. The stored record is
    not changed. Raises TransportError or ServiceDown if the service is unavailable, SignInError if revokeUrl is not
    at a host of the connector.
    """
    oauth_client, token_source = connection.oauth_client, connection.token_source
    token_set = token_source.read_token_set() if token_source else None
    if token_set is not None:
        oauth_client = find_addresses(oauth_client, http, connection.allowed_hosts)
    if token_set is None or not oauth_client.revoke_url:
        return []
    if not token_endpoint.is_allowed_url(oauth_client.revoke_url, connection.allowed_hosts):
        message = "The revoke URL is not https at one of the connector's hosts; no token was sent."
        raise SignInError(message, hint="Check revokeUrl and the manifest's allowed_hosts.")
    transport = http if http is not None else load_transport(None, asynchronous=False)
    tokens_by_kind = {"access token": token_set.access_token, "refresh token": token_set.refresh_token}
    try:
        requests = {
            token_kind: oauth.build_revoke_request(oauth_client, token)
            for token_kind, token in tokens_by_kind.items()
            if token
        }
        now = (clock or SystemClock()).time()
        return [
            RevocationResult(token_kind, _revoke_token(token_request, transport, now))
            for token_kind, token_request in requests.items()
            if token_request is not None
        ]
    finally:
        if transport is not http:
            transport.close()


def _revoke_token(token_request: TokenRequest, transport: Any, now: float) -> str:
    """Send one request; return why the token was not ended, or "". Raises TransportError, ServiceDown."""
    request, credential = token_request
    reply_or_failure = transport.send(request, credential, time.monotonic() + token_endpoint.SEND_TIMEOUT, None, None)
    if not isinstance(reply_or_failure, Reply):
        message = f"The tokens were not revoked: {request.full_redactor.redact_text(reply_or_failure.message)}."
        raise TransportError(
            message, kind=reply_or_failure.kind, retryable=not reply_or_failure.final, hint=_RETRY_HINT
        )
    answer = token_reply.parse_token_reply(request, reply_or_failure, now)
    is_success = HTTPStatus.OK <= reply_or_failure.status < HTTPStatus.MULTIPLE_CHOICES
    if not isinstance(answer, oauth.TokenFailure) or (answer.category == "unreadable" and is_success):
        return ""
    if answer.category == "later":
        raise ServiceDown(f"The tokens were not revoked: {answer.message}.", hint=_RETRY_HINT, status=answer.status)
    return answer.message
