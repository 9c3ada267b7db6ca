"""The token endpoint of a connection: one request to it, and what came of it. Secrets go to no other host."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core import url_policy as guard
from connector.core.auth import oauth
from connector.core.auth.oauth import Refusal
from connector.core.auth.token_set import Grant
from connector.core.response import retry_after as waits
from connector.core.response.parser import Reply
from connector.errors import RateLimited, ServiceDown, SignInError, TransportError
from connector.runtime.http.transport import choose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.auth.oauth import Asked
    from connector.errors import ConnectorError
    from connector.runtime.clock import Clock

SEND_TIMEOUT = 30.0  # seconds for one request
ATTEMPTS = 3
PAUSE = 1.0  # seconds; doubles with each attempt
LONGEST_PAUSE = 10.0  # a service that wants more time is not waited for


def may_ask(url: str, hosts: Iterable[str]) -> bool:
    """Whether a secret may go to a URL: https at one of the connector's hosts, or this machine."""
    return guard.may_carry(url, hosts) or guard.is_loopback_url(url)


def ask(asked: Asked, http: Any, clock: Clock, old: Grant | None = None) -> Grant | Refusal:
    """Send one request through an HTTP seam (None: one of its own); no redirect is followed."""
    request, signed = asked
    seam = http if http is not None else choose(None, asynchronous=False)
    try:
        got = seam.send(request, signed, time.monotonic() + SEND_TIMEOUT, None, None)
    finally:
        if seam is not http:
            seam.close()
    if isinstance(got, Reply):
        return oauth.read_token(request, got, clock.time(), old)
    message = f"the token endpoint: {request.safe.text(got.message)}"
    return Refusal("refused" if got.final else "later", message, kind=got.kind, lost=got.sent == "maybe")


def insist(asked: Asked, http: Any, clock: Clock, old: Grant | None = None) -> Grant | Refusal:
    """Ask up to ATTEMPTS times: what is the service's own trouble is tried again, a lost reply once."""
    lost, silences = False, 0
    for attempt in range(ATTEMPTS):
        answer = ask(asked, http, clock, old)
        if isinstance(answer, Refusal):
            lost, silences = lost or answer.lost, silences + bool(answer.kind and answer.lost)
            answer = replace(answer, lost=lost)
        if isinstance(answer, Grant) or answer.fault != "later" or silences > 1 or attempt == ATTEMPTS - 1:
            break
        pause = PAUSE * 2**attempt * (0.5 + clock.jitter())
        if answer.retry_at is not None:
            pause = max(pause, answer.retry_at - clock.time())
        if pause > LONGEST_PAUSE:
            break
        clock.wait(pause, threading.Event())
    return answer


def failed(answer: Refusal, *, inputs: str) -> ConnectorError:
    """Return the error of an answer that brought no token and ends nothing; `inputs` says what to look at."""
    text, later = f"No new token: {answer.message}.", "Nothing is lost; try again later."
    if answer.kind:
        again = answer.fault == "later"
        return TransportError(text, kind=answer.kind, retryable=again, hint=later if again else inputs)
    facts = {"status": answer.status, "message": answer.message, "outcome": "not_sent"}
    if answer.fault == "later":
        at = waits.moment(answer.retry_at) if answer.retry_at else None
        kind = RateLimited if answer.status == 429 else ServiceDown  # noqa: PLR2004
        return kind(text, hint=later, retry_at=at, **facts)
    if answer.fault == "unreadable":
        return ServiceDown(text, hint=inputs, retryable=False, **facts)
    return SignInError(text, hint=inputs, status=answer.status, code=answer.code or None)
