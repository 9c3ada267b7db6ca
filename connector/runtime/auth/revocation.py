"""Taking tokens back (RFC 7009): the service ends them, so that nobody who has them can use them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core.auth import oauth
from connector.core.response.parser import Reply
from connector.errors import ServiceDown, SignInError, TransportError
from connector.runtime.auth import token_endpoint
from connector.runtime.clock import SystemClock
from connector.runtime.http.transport import choose

if TYPE_CHECKING:
    from connector.core.auth.oauth import Asked
    from connector.runtime.auth.connection import Connection
    from connector.runtime.clock import Clock

_HINT = "The connection is kept; try again later."


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one token: `what` it is, and `refusal`, what the service said in place of ending it."""

    what: str
    refusal: str = ""


def revoke(connection: Connection, *, http: Any = None, clock: Clock | None = None) -> list[Ended]:
    """End a connection's tokens at the service; return what became of each, nothing where there is nothing to end.

    The access token goes first: a service that ends both with it may then no longer know the other. What the store
    keeps is not touched. Raises TransportError, ServiceDown when the service does not answer now, SignInError when
    revokeUrl is at no host of the connector.
    """
    app, tokens = connection.app, connection.tokens
    grant = tokens.grant() if tokens else None
    if grant is None or not app.revoke_url:
        return []
    if not token_endpoint.may_ask(app.revoke_url, connection.connector.manifest.hosts):
        message = "The revoke URL is not https at one of the connector's hosts; no token was sent."
        raise SignInError(message, hint="Look at revokeUrl, and at the manifest's hosts.")
    seam = http if http is not None else choose(None, asynchronous=False)
    held = {"access token": grant.access_token, "refresh token": grant.refresh_token}
    try:
        asked = {what: oauth.revoke_request(app, token) for what, token in held.items() if token}
        now = (clock or SystemClock()).time()
        return [Ended(what, _refusal(one, seam, now)) for what, one in asked.items() if one is not None]
    finally:
        if seam is not http:
            seam.close()


def _refusal(asked: Asked, seam: Any, now: float) -> str:
    """Send one request; return why the token was not ended, or nothing. Raises TransportError, ServiceDown."""
    request, signed = asked
    got = seam.send(request, signed, time.monotonic() + token_endpoint.SEND_TIMEOUT, None, None)
    if not isinstance(got, Reply):
        message = f"The tokens were not revoked: {request.safe.text(got.message)}."
        raise TransportError(message, kind=got.kind, retryable=not got.final, hint=_HINT)
    answer = oauth.read_token(request, got, now)
    if not isinstance(answer, oauth.Refusal) or (answer.fault == "unreadable" and got.status // 100 == 2):  # noqa: PLR2004
        return ""
    if answer.fault == "later":
        raise ServiceDown(f"The tokens were not revoked: {answer.message}.", hint=_HINT, status=answer.status)
    return answer.message
