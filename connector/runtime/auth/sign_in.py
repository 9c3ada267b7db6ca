"""Signing in: two steps for a web application, with the state between them kept in the store.

`begin_sign_in` returns the URL to send a person to; `finish_sign_in` takes the callback's URL, asks for the tokens
and keeps the connection. A state is good once, for ten minutes, and is compared in constant time.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core import redaction as redact
from connector.core import url_policy as guard
from connector.core.auth import oauth
from connector.core.inputs.coerce import Bad
from connector.errors import SignInError, TransportError, UsageError
from connector.runtime.auth import token_endpoint
from connector.runtime.auth.connection import Connection
from connector.runtime.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.auth.token_set import Grant
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.runtime.storage.open import Store

STATE_LIFETIME = 600.0  # seconds between the two steps
_WAITING = "sign-in:"


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
    clientSecret ...). Raises InputError for wrong inputs, UsageError for a kind without consent or for a URL that a
    secret must not go to, StoreError.
    """
    clock = clock or SystemClock()
    connection = Connection(connector, kind, name=name, **inputs)
    if connection.app.kind != "oauth2":
        hint = "Make one: Connection(connector, kind, ...)."
        raise UsageError(f"Connections of kind {kind} need no consent.", hint=hint)
    _check_urls(connection, redirect_uri)
    _sweep(store, clock)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    expires_at = clock.time() + STATE_LIFETIME
    kept = {
        "connector": connector.name, "connection": name, "kind": kind, "inputs": connection.given(),
        "redirect_uri": redirect_uri, "state": state, "verifier": verifier, "expires_at": expires_at,
    }  # fmt: skip
    store.write(_state_key(state), kept)
    return SignIn(oauth.authorize_url(connection.app, redirect_uri, state, verifier), state, expires_at)


def finish_sign_in(
    connector: Connector, callback_url: str, *, store: Store, clock: Clock | None = None, http: Any = None
) -> Connection:
    """Finish: check the callback, ask for the tokens, keep the connection and return it.

    `callback_url` is the whole URL that the browser was sent to, or its query. Raises SignInError when the state is
    missing, wrong, used or too old, when consent was refused, or when the service gives no token, TransportError when
    it does not answer, StoreError; nothing is kept then.
    """
    clock = clock or SystemClock()
    given = oauth.callback(callback_url.strip())
    if isinstance(given, oauth.Refusal):
        raise _not_signed_in(given)
    waiting = _taken(given.get("state", ""), store, clock)
    if waiting["connector"] != connector.name:
        message = f"This sign-in began for {waiting['connector']}, not for {connector.name}."
        raise UsageError(message, hint="Begin again.")
    name, inputs = waiting["connection"], waiting["inputs"]
    connection = Connection(connector, waiting["kind"], name=name, store=store, http=http, **inputs)
    code = oauth.callback_code(connection.app, given, waiting["state"])
    if isinstance(code, oauth.Refusal):
        raise _not_signed_in(code)
    _check_urls(connection, waiting["redirect_uri"])
    connection.keep(_exchanged(connection, (code, waiting["redirect_uri"], waiting["verifier"]), clock))
    return connection


def _taken(state: str, store: Store, clock: Clock) -> dict[str, Any]:
    """Take the waiting sign-in of a state out of the store: it is whose removing it succeeds, and nobody else's."""
    key = _state_key(state)
    kept = store.read(key) if state else None
    if kept is None or not store.remove(key) or kept.data["expires_at"] < clock.time():
        message = "Not signed in: the callback's state is unknown, was used, or is too old."
        raise SignInError(message, hint="Begin again.")
    return kept.data


def _sweep(store: Store, clock: Clock) -> None:
    """Forget sign-ins that nobody came back from: they hold a secret."""
    for key in store.keys(_WAITING):
        kept = store.read(key)
        if kept is not None and kept.data["expires_at"] < clock.time():
            store.remove(key)


def _exchanged(connection: Connection, code: tuple[str, str, str], clock: Clock) -> Grant:
    answer = token_endpoint.ask(oauth.code_request(connection.app, *code), connection.http, clock)
    if not isinstance(answer, oauth.Refusal):
        return answer
    if answer.kind:
        raise TransportError(f"Not signed in: {answer.message}.", kind=answer.kind, hint="Begin again.")
    raise _not_signed_in(answer)


def _not_signed_in(refusal: oauth.Refusal) -> SignInError:
    code, status = refusal.code or None, refusal.status or None
    return SignInError(f"Not signed in: {refusal.message}.", hint="Begin again.", code=code, status=status)


def _check_urls(connection: Connection, redirect_uri: str) -> None:
    """Raise UsageError for a URL that a code or a secret must not go to."""
    connector, app = connection.connector, connection.app
    for url in (app.authorize_url, app.token_url):
        if not token_endpoint.may_ask(url, connector.manifest.hosts):
            hint = "Look at authorizeUrl and tokenUrl."
            raise UsageError(f"{redact.shown(url)} is not https at a host of {connector.name}.", hint=hint)
    try:
        guard.owner_base_url(redirect_uri.partition("?")[0])
    except Bad as bad:
        message = f"The redirect URI {redact.shown(redirect_uri)} is not fit for a code: {bad.expected} is expected."
        raise UsageError(message, hint=bad.fix) from None


def _state_key(state: str) -> str:
    return f"{_WAITING}{hashlib.sha256(state.encode('utf-8', 'replace')).hexdigest()}"
