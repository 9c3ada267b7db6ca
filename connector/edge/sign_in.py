"""Signing in: two steps for a web application, with the state between them kept in the store.

`begin_sign_in` returns the URL to send a person to; `finish_sign_in` takes the callback's URL, asks for the tokens
and keeps the connection. A state is good once, for ten minutes, and is compared in constant time.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector.core import guard, oauth
from connector.core.response import Reply
from connector.edge.clock import SystemClock
from connector.edge.connection import Connection
from connector.errors import SignInError, TransportError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.oauth import App, Grant
    from connector.definition.load import Connector
    from connector.edge.clock import Clock
    from connector.edge.store import Store

STATE_LIFETIME = 600.0  # seconds between the two steps
SEND_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, repr=False)
class SignIn:
    """Where to send the person: `url`; it is good until `expires_at` (epoch seconds)."""

    url: str
    state: str
    expires_at: float

    def __repr__(self) -> str:
        return f"<SignIn until {self.expires_at:.0f}>"


def begin_sign_in(
    connector: Connector,
    *,
    name: str,
    redirect_uri: str,
    store: Store,
    inputs: Mapping[str, Any],
    kind: str = "oauth2",
    clock: Clock | None = None,
) -> SignIn:
    """Begin: remember what the callback needs, and return where consent is given.

    `name` is what the connection will be called, such as a tenant's id; `inputs` are those of the kind (clientId,
    clientSecret ...). Raises InputError for wrong inputs, UsageError for a kind without consent, StoreError.
    """
    clock = clock or SystemClock()
    connection = Connection(connector, kind, name=name, **inputs)
    if connection.app.kind != "oauth2":
        raise UsageError(
            f"Connections of kind {kind} need no consent.", hint="Make one: Connection(connector, kind, ...)."
        )
    _safe(connection.app, connector)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    expires_at = clock.time() + STATE_LIFETIME
    kept = {
        "connection": name, "kind": kind, "inputs": connection.given(), "redirect_uri": redirect_uri,
        "state": state, "verifier": verifier, "expires_at": expires_at,
    }  # fmt: skip
    store.write(_state_key(state), kept)
    return SignIn(oauth.authorize_url(connection.app, redirect_uri, state, verifier), state, expires_at)


def finish_sign_in(
    connector: Connector, callback_url: str, *, store: Store, clock: Clock | None = None, http: Any = None
) -> Connection:
    """Finish: check the callback, ask for the tokens, keep the connection and return it.

    `callback_url` is the whole URL that the browser was sent to, or its query. Raises SignInError when the state is
    missing, wrong, used or too old, when consent was refused, or when the service gives no token; nothing is kept then.
    """
    clock = clock or SystemClock()
    waiting = _taken(callback_url, store, clock)
    code = oauth.callback_code(callback_url if "?" in callback_url else f"?{callback_url}", waiting["state"])
    if isinstance(code, oauth.Refusal):
        raise SignInError(f"Not signed in: {code.message}.", hint="Begin again.")
    connection = Connection(connector, waiting["kind"], name=waiting["connection"], store=store, **waiting["inputs"])
    grant = _exchanged(connection, (code, waiting["redirect_uri"], waiting["verifier"]), clock, http)
    connection.keep(grant)
    return connection


def _taken(callback_url: str, store: Store, clock: Clock) -> dict[str, Any]:
    """Take the waiting sign-in of a callback out of the store, so that it can be used once."""
    query = urlsplit(callback_url).query or callback_url
    state = dict(parse_qsl(query)).get("state", "")
    key = _state_key(state)
    with store.lock(key, SEND_TIMEOUT):
        kept = store.read(key) if state else None
        if kept is not None:
            store.remove(key)
    if kept is None or kept.data["expires_at"] < clock.time():
        message = "Not signed in: the callback's state is unknown, was used, or is too old."
        raise SignInError(message, hint="Begin again.")
    return kept.data


def _exchanged(connection: Connection, code: tuple[str, str, str], clock: Clock, http: Any) -> Grant:
    from connector.edge.http import choose  # noqa: PLC0415  loaded when something is sent

    request, signed = oauth.code_request(connection.app, *code)
    seam = http or connection.http or choose(None, asynchronous=False)
    try:
        got = seam.send(request, signed, time.monotonic() + SEND_TIMEOUT, None, None)
    finally:
        if seam is not http and seam is not connection.http:
            seam.close()
    if not isinstance(got, Reply):
        raise TransportError(f"The token endpoint: {got.message}.", kind=got.kind, hint="Begin again.")
    answer = oauth.read_token(connection.app, got, clock.time())
    if isinstance(answer, oauth.Refusal):
        raise SignInError(f"Not signed in: {answer.message}.", hint="Begin again.")
    return answer


def _safe(app: App, connector: Connector) -> None:
    for url in (app.authorize_url, app.token_url):
        if not (guard.may_carry(url, connector.manifest.hosts) or guard.is_loopback_url(url)):
            raise UsageError(
                f"{url} is not https at a host of {connector.name}.", hint="Look at authorizeUrl and tokenUrl."
            )


def _state_key(state: str) -> str:
    return f"sign-in:{hashlib.sha256(state.encode()).hexdigest()}"
