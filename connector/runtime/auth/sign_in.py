"""OAuth sign-in in two steps, for web applications; the store holds the state between them.

`begin_sign_in` returns the URL to send a person to; `finish_sign_in` takes the callback's URL, requests the tokens
and stores the connection. A state is valid once, for ten minutes, and is compared in constant time.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import TYPE_CHECKING, Any

from connector.core import redaction, url_policy
from connector.core.auth import oauth
from connector.core.invalid_value import InvalidValue
from connector.errors import SignInError, StoreError, TransportError, UsageError
from connector.first_use import dataclass
from connector.runtime.auth import connection_record, token_endpoint
from connector.runtime.auth.connection import Connection
from connector.runtime.auth.discovery import find_addresses
from connector.runtime.clock import SystemClock
from connector.runtime.storage.store import hold_session, list_first_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.auth.oauth_client import OAuthClient
    from connector.core.auth.token_set import TokenSet
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.runtime.storage.store import Store

STATE_LIFETIME = 600.0  # seconds between the two steps
_PENDING_PREFIX = "sign-in:"  # of the store's keys; the time of expiry follows, so that the oldest come first
_EXPIRY_DIGITS = 12
_MAX_PRUNED = 10  # expired sign-ins that are removed when one begins
_SAVE_DELAYS = (0.5, 1.0, 2.0, 4.0)  # seconds between the attempts to store the tokens of a code, which is spent


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
    http: Any = None,
) -> SignIn:
    """Store what the callback needs, and return the URL where the person consents.

    Nothing is sent, unless an issuer has to name its addresses first.

    `name` is the name of the new connection, such as a tenant's id; `inputs` are those of the connection type
    (clientId, clientSecret ...). Raises InputError for invalid inputs, UsageError for a type without consent or for
    a URL that must not receive a secret, StoreError.
    """
    clock = clock or SystemClock()
    connection = Connection(connector, kind, inputs, name=name, http=http)
    if connection.oauth_client.kind != "oauth2":
        hint = "Create it directly: Connection(connector, kind, ...)."
        raise UsageError(f"Connections of kind {kind} need no consent.", hint=hint)
    client = find_addresses(connection.oauth_client, http, connection.allowed_hosts)
    _check_urls(connection, client, redirect_uri)
    verifier, expires_at = secrets.token_urlsafe(64), clock.time() + STATE_LIFETIME
    state = f"{secrets.token_urlsafe(32)}.{expires_at:.0f}"
    pending = {
        "connector": connector.name,
        "hosts": connector.manifest.own_hosts,
        "connection": name,
        "kind": kind,
        "inputs": connection.inputs(),
        "redirect_uri": redirect_uri,
        "state": state,
        "verifier": verifier,
        "expires_at": expires_at,
    }
    with hold_session(store):
        connection_record.read_own_record(store, connector, name)  # which is not another connector's
        _delete_expired(store, clock)
        store.write(_state_key(state), pending)
    return SignIn(oauth.build_authorize_url(client, redirect_uri, state, verifier), state, expires_at)


def finish_sign_in(
    connector: Connector, callback_url: str, *, store: Store, clock: Clock | None = None, http: Any = None
) -> Connection:
    """Check the callback, request the tokens, store the connection and return it.

    `callback_url` is the complete URL that the browser was sent to, or its query. Raises SignInError if the state is
    missing, wrong, already used or expired, if consent was denied, or if the service issues no token, TransportError
    if it does not answer, StoreError; nothing is stored then, but for a refresh token that came without an access
    token that can be used.
    """
    clock = clock or SystemClock()
    parameters = oauth.parse_callback(callback_url.strip())
    if isinstance(parameters, oauth.TokenFailure):
        raise build_sign_in_error(parameters)
    pending = _pop_pending(parameters.get("state", ""), store, clock)
    if pending["connector"] != connector.name:
        message = f"This sign-in was started for {pending['connector']}, not for {connector.name}."
        raise UsageError(message, hint="Start the sign-in again.")
    hosts = pending.get("hosts") or connector.manifest.own_hosts
    if set(hosts).isdisjoint(connector.manifest.own_hosts):
        message = f"This sign-in was started for another {connector.name}, at {', '.join(hosts)}."
        raise UsageError(message, hint="Start the sign-in again.")
    name, inputs = pending["connection"], pending["inputs"]
    connection = Connection(connector, pending["kind"], inputs, name=name, store=store, http=http)
    client = find_addresses(connection.oauth_client, connection.http, connection.allowed_hosts)
    code = oauth.read_callback_code(client, parameters, pending["state"])
    if isinstance(code, oauth.TokenFailure):
        raise build_sign_in_error(code)
    _check_urls(connection, client, pending["redirect_uri"])
    code_request = oauth.build_code_request(client, code, pending["redirect_uri"], pending["verifier"])
    answer = token_endpoint.request_token(code_request, connection.http, clock, None, client.token_fields)
    issued = answer.issued if isinstance(answer, oauth.TokenFailure) else answer
    if issued is not None:
        save_issued(connection, issued, clock)
    if isinstance(answer, oauth.TokenFailure):
        raise build_sign_in_error(answer)
    return connection


def save_issued(connection: Connection, token_set: TokenSet, clock: Clock) -> None:
    """Store the tokens of a code, which buys no others; try again while the store is away. Raises StoreError."""
    for delay in _SAVE_DELAYS:
        try:
            return connection.save(token_set)
        except StoreError:
            clock.wait_or_stop(delay, threading.Event())
    return connection.save(token_set)


def _pop_pending(state: str, store: Store, clock: Clock) -> dict[str, Any]:
    """Remove and return the pending sign-in of a state; only one caller can remove it."""
    key = _state_key(state)
    with hold_session(store):
        stored = store.read(key) if state else None
        is_taken = stored is not None and store.remove(key)
    if stored is None or not is_taken or stored.data["expires_at"] < clock.time():
        message = "Not signed in: the callback's state is unknown, already used, or expired."
        raise SignInError(message, hint="Start the sign-in again.")
    return stored.data


def _delete_expired(store: Store, clock: Clock) -> None:
    """Remove some abandoned sign-ins, which hold a secret; more than are begun, but never all that wait."""
    for key in list_first_keys(store, _PENDING_PREFIX, _MAX_PRUNED):
        expiry = key.removeprefix(_PENDING_PREFIX).partition(":")[0]
        if not expiry.isdecimal() or int(expiry) >= clock.time():
            return
        store.remove(key)


def build_sign_in_error(token_error: oauth.TokenFailure, reason: str | None = None) -> SignInError | TransportError:
    """Return the error of a sign-in that failed, with a reason in place of the service's."""
    message, hint = f"Not signed in: {reason or token_error.message}.", "Start the sign-in again."
    if token_error.failure_kind:
        return TransportError(message, kind=token_error.failure_kind, hint=hint)
    if token_error.issued is not None:
        hint = "The refresh token that came with it is stored, and the next call tries it; else start again."
    return SignInError(message, hint=hint, code=token_error.code or None, status=token_error.status or None)


def _check_urls(connection: Connection, oauth_client: OAuthClient, redirect_uri: str) -> None:
    """Raise UsageError for a URL that a code or a secret must not go to."""
    connector = connection.connector
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
    """Return the key of a state, which ends with the time at which it expires."""
    expiry = state.rpartition(".")[2]
    expiry = expiry if expiry.isdecimal() and expiry.isascii() else "0"
    digest = hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
    return f"{_PENDING_PREFIX}{expiry[:_EXPIRY_DIGITS]:0>{_EXPIRY_DIGITS}}:{digest}"
