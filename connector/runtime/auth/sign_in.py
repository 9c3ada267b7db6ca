"""OAuth sign-in in two steps, for web applications; the store holds the state between them.

`begin_sign_in` returns the URL to send a person to; `finish_sign_in` takes the callback's URL, requests the tokens
and stores the connection. A state is valid once, for ten minutes, and is compared in constant time.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core import redaction, url_policy
from connector.core.auth import oauth
from connector.core.invalid_value import InvalidValue
from connector.errors import SignInError, TransportError, UsageError
from connector.runtime.auth import token_endpoint
from connector.runtime.auth.connection import Connection
from connector.runtime.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.auth.token_set import TokenSet
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.runtime.storage.store import Store

STATE_LIFETIME = 600.0  # seconds between the two steps
_PENDING_PREFIX = "sign-in:"


@dataclass(frozen=True, slots=True, repr=False)
class SignIn:
    """A started sign-in: the `url` to send the person to, valid until `expires_at` (epoch seconds)."""

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
    """Store what the callback needs, and return the URL where the person consents.

    `name` is the name of the new connection, such as a tenant's id; `inputs` are those of the connection type
    (clientId, clientSecret ...). Raises InputError for invalid inputs, UsageError for a type without consent or for
    a URL that must not receive a secret, StoreError.
    """
    clock = clock or SystemClock()
    connection = Connection(connector, kind, inputs, name=name)
    if connection.oauth_client.kind != "oauth2":
        hint = "Create it directly: Connection(connector, kind, ...)."
        raise UsageError(f"Connections of kind {kind} need no consent.", hint=hint)
    _check_urls(connection, redirect_uri)
    _delete_expired(store, clock)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    expires_at = clock.time() + STATE_LIFETIME
    pending = {
        "connector": connector.name,
        "connection": name,
        "kind": kind,
        "inputs": connection.inputs(),
        "redirect_uri": redirect_uri,
        "state": state,
        "verifier": verifier,
        "expires_at": expires_at,
    }
    store.write(_state_key(state), pending)
    return SignIn(oauth.build_authorize_url(connection.oauth_client, redirect_uri, state, verifier), state, expires_at)


def finish_sign_in(
    connector: Connector, callback_url: str, *, store: Store, clock: Clock | None = None, http: Any = None
) -> Connection:
    """Check the callback, request the tokens, store the connection and return it.

    `callback_url` is the complete URL that the browser was sent to, or its query. Raises SignInError if the state is
    missing, wrong, already used or expired, if consent was denied, or if the service issues no token, TransportError
    if it does not answer, StoreError; nothing is stored then.
    """
    clock = clock or SystemClock()
    parameters = oauth.parse_callback(callback_url.strip())
    if isinstance(parameters, oauth.TokenFailure):
        raise _build_sign_in_error(parameters)
    pending = _pop_pending(parameters.get("state", ""), store, clock)
    if pending["connector"] != connector.name:
        message = f"This sign-in was started for {pending['connector']}, not for {connector.name}."
        raise UsageError(message, hint="Start the sign-in again.")
    name, inputs = pending["connection"], pending["inputs"]
    connection = Connection(connector, pending["kind"], inputs, name=name, store=store, http=http)
    code = oauth.read_callback_code(connection.oauth_client, parameters, pending["state"])
    if isinstance(code, oauth.TokenFailure):
        raise _build_sign_in_error(code)
    _check_urls(connection, pending["redirect_uri"])
    connection.save(_exchange_code(connection, (code, pending["redirect_uri"], pending["verifier"]), clock))
    return connection


def _pop_pending(state: str, store: Store, clock: Clock) -> dict[str, Any]:
    """Remove and return the pending sign-in of a state; only one caller can remove it."""
    key = _state_key(state)
    stored = store.read(key) if state else None
    if stored is None or not store.remove(key) or stored.data["expires_at"] < clock.time():
        message = "Not signed in: the callback's state is unknown, already used, or expired."
        raise SignInError(message, hint="Start the sign-in again.")
    return stored.data


def _delete_expired(store: Store, clock: Clock) -> None:
    """Remove abandoned sign-ins, which hold a secret."""
    for key in store.keys(_PENDING_PREFIX):
        stored = store.read(key)
        if stored is not None and stored.data["expires_at"] < clock.time():
            store.remove(key)


def _exchange_code(connection: Connection, code_arguments: tuple[str, str, str], clock: Clock) -> TokenSet:
    oauth_client = connection.oauth_client
    answer = token_endpoint.request_token(
        oauth.build_code_request(oauth_client, *code_arguments), connection.http, clock, None, oauth_client.token_fields
    )
    if not isinstance(answer, oauth.TokenFailure):
        return answer
    if answer.failure_kind:
        raise TransportError(
            f"Not signed in: {answer.message}.", kind=answer.failure_kind, hint="Start the sign-in again."
        )
    raise _build_sign_in_error(answer)


def _build_sign_in_error(token_error: oauth.TokenFailure) -> SignInError:
    code, status = token_error.code or None, token_error.status or None
    return SignInError(
        f"Not signed in: {token_error.message}.", hint="Start the sign-in again.", code=code, status=status
    )


def _check_urls(connection: Connection, redirect_uri: str) -> None:
    """Raise UsageError for a URL that a code or a secret must not go to."""
    connector, oauth_client = connection.connector, connection.oauth_client
    for url in (oauth_client.authorize_url, oauth_client.token_url):
        if not token_endpoint.is_allowed_url(url, connection.allowed_hosts):
            hint = f"Check authorizeUrl and tokenUrl; the hosts are {', '.join(connection.allowed_hosts)}."
            raise UsageError(f"{redaction.preview(url)} is not https at a host of {connector.name}.", hint=hint)
    try:
        url_policy.check_base_url(redirect_uri.partition("?")[0])
    except InvalidValue as invalid:
        message = (
            f"The redirect URI {redaction.preview(redirect_uri)} cannot receive a code; expected {invalid.expected}."
        )
        raise UsageError(message, hint=invalid.fix) from None


def _state_key(state: str) -> str:
    return f"{_PENDING_PREFIX}{hashlib.sha256(state.encode('utf-8', 'replace')).hexdigest()}"
