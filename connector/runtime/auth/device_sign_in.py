"""Sign in with a code that a person enters in any browser (RFC 8628), for machines without one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.auth import device_code as device_codes
from connector.core.auth.device_code import DeviceCode
from connector.core.auth.token_set import TokenSet
from connector.errors import SignInError, UsageError
from connector.runtime.auth import connection_record, token_endpoint
from connector.runtime.auth.connection import Connection
from connector.runtime.auth.discovery import find_addresses
from connector.runtime.auth.sign_in import build_sign_in_error, save_issued
from connector.runtime.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.auth.oauth_client import OAuthClient
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.runtime.storage.store import Store

_MESSAGES = {
    "access_denied": "consent was not given",
    "expired_token": "the code has expired",
}


class DeviceSignIn:
    """A started sign-in: the person opens `url` and enters `user_code`, until `expires_at` (epoch seconds).

    `complete_url` has the code in it, for a link or a QR code; None where the service gives none.
    """

    def __init__(self, connection: Connection, client: OAuthClient, code: DeviceCode, clock: Clock) -> None:
        self.url, self.user_code, self.complete_url = code.url, code.user_code, code.complete_url
        self.expires_at = clock.time() + code.lifetime
        self._connection, self._client, self._code, self._clock = connection, client, code, clock
        self._ends_at = clock.monotonic() + code.lifetime

    def wait(self, cancel: threading.Event | None = None) -> Connection:
        """Wait until the person has consented; store the connection and return it.

        Raises SignInError when consent was denied, the code expired or `cancel` was set, TransportError, StoreError.
        """
        stop, client = cancel or threading.Event(), self._client
        request = device_codes.build_poll_request(client, self._code.device_code)
        interval = self._code.interval
        while True:
            self._clock.wait_or_stop(interval, stop)
            if stop.is_set():
                raise SignInError("Not signed in: the wait was ended.", hint="Start the sign-in again.")
            if self._clock.monotonic() >= self._ends_at:
                raise SignInError(f"Not signed in: {_MESSAGES['expired_token']}.", hint="Start the sign-in again.")
            answer = token_endpoint.request_token(
                request, self._connection.http, self._clock, None, client.token_fields
            )
            issued = answer if isinstance(answer, TokenSet) else answer.issued
            if issued is not None:
                save_issued(self._connection, issued, self._clock)
            if isinstance(answer, TokenSet):
                return self._connection
            next_interval = None if answer.issued else device_codes.find_next_interval(answer, interval)
            if next_interval is None:
                raise build_sign_in_error(answer, _MESSAGES.get(answer.code))
            interval = next_interval

    def __repr__(self) -> str:
        return f"<DeviceSignIn until {self.expires_at:.0f}>"


def begin_device_sign_in(
    connector: Connector,
    *,
    name: str,
    store: Store,
    inputs: Mapping[str, Any],
    kind: str,
    clock: Clock | None = None,
    http: Any = None,
) -> DeviceSignIn:
    """Ask the service for a code, and return it with the address where a person enters it.

    `name` is the name of the new connection; `inputs` are those of the connection type. Raises InputError for invalid
    inputs, UsageError for a type without such codes or a URL that must not receive a secret, SignInError,
    TransportError.
    """
    clock = clock or SystemClock()
    connection = Connection(connector, kind, inputs, name=name, store=store, http=http)
    client = connection.oauth_client
    if client.kind != "oauth2_device_code":
        raise UsageError(f"Connections of kind {kind} need no code.", hint="Use begin_sign_in, or Connection.")
    connection_record.read_own_record(store, connector, name)  # which is not another connector's
    client = find_addresses(client, http, connection.allowed_hosts)
    for url in (client.device_authorization_url, client.token_url):
        if not token_endpoint.is_allowed_url(url, connection.allowed_hosts):
            hint = f"The hosts are {', '.join(connection.allowed_hosts)}."
            raise UsageError(f"{redaction.preview(url)} is not https at a host of {connector.name}.", hint=hint)
    answer = token_endpoint.request_device_code(device_codes.build_device_request(client), http, clock)
    if not isinstance(answer, DeviceCode):
        raise build_sign_in_error(answer)
    return DeviceSignIn(connection, client, answer, clock)
