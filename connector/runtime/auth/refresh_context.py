"""The connection data that a token refresh needs."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core.auth import oauth
from connector.core.auth.session import build_login_request
from connector.core.auth.signing import BEARER, Signer
from connector.core.auth.token_set import find_lost_scopes
from connector.errors import SignInError
from connector.first_use import dataclass
from connector.runtime.auth import connection_record, token_endpoint
from connector.runtime.auth.discovery import find_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.core.auth.oauth import TokenRequest
    from connector.core.auth.oauth_client import OAuthClient
    from connector.core.auth.token_set import TokenSet
    from connector.runtime.auth.connection_record import ConnectionRecord
    from connector.runtime.storage.store import Store

_log = logging.getLogger("connector.connection")


@dataclass(frozen=True, slots=True, repr=False)
class RefreshContext:
    """The connection data that a token refresh needs.

    `allowed_hosts` may receive secrets; `initial_record` is written where the store has none; `is_durable` says that
    the store outlives the process; with `read_inputs` the inputs are read from the stored record, which another sign-in
    may replace, and `reload_connection` is called when it was replaced by one of another kind or site; `signer` puts a
    token into requests; `http` is a transport (None: a new one per request).
    """

    oauth_client: OAuthClient
    store: Store
    key: str
    allowed_hosts: Sequence[str]
    initial_record: ConnectionRecord
    sign_in_hint: str
    is_durable: bool = True
    read_inputs: Callable[[Mapping[str, Any]], tuple[OAuthClient, Signer]] | None = None
    reload_connection: Callable[[], object] | None = None
    signer: Signer = BEARER
    http: Any = None

    def oauth_client_for(self, record: ConnectionRecord | None) -> OAuthClient:
        """Return the OAuth client that refreshes a record.

        Raises SignInError for a record whose token belongs elsewhere: another sign-in named another host, or other
        values that requests carry.
        """
        if self.read_inputs is None or record is None or record.kind != self.initial_record.kind:
            return self.oauth_client
        oauth_client, signer = self.read_inputs(record.inputs)
        if (oauth_client.site, signer) != (self.oauth_client.site, self.signer):
            raise self._take_over("signed in again with other inputs, such as another host")
        return oauth_client

    def read_fresh_token(self, rejected_token: str | None, now: float) -> TokenSet | None:
        """Return the stored token if it is fresh and belongs here. Raises SignInError, StoreError."""
        record = self.read_record()
        self.oauth_client_for(record)
        return connection_record.find_fresh_token(record, rejected_token, now)

    def read_record(self) -> ConnectionRecord | None:
        """Return the stored record, or None. Raises StoreError, SignInError for one of another connector."""
        record = connection_record.read_record(self.store, self.key)
        connection_record.check_owner(record, self.initial_record.hosts, self.key.rpartition(":")[2])
        return record

    def write_record(self, record: ConnectionRecord) -> ConnectionRecord:
        """Store a record that follows its `version`; return it with the new one. Raises StoreError."""
        record = replace(record, hosts=self.initial_record.hosts)
        return replace(record, version=self.store.write(self.key, record.to_dict(), version=record.version))

    def build_request(
        self, oauth_client: OAuthClient, current: TokenSet | None, now: float, base_url: str | None = None
    ) -> TokenRequest:
        """Return the request for a new token. Raises SignInError if it must not or cannot be sent.

        `base_url` is the one that the owner of the process names for all requests to the service.
        """
        login = oauth_client.token_fields.login
        if login is not None and base_url is not None:
            return build_login_request(login, base_url)
        oauth_client = find_addresses(oauth_client, self.http, self.allowed_hosts)
        if not token_endpoint.is_allowed_url(oauth_client.token_url, self.allowed_hosts):
            message = "The token URL is not https at one of the connector's hosts; the secret was not sent."
            raise SignInError(message, hint="Check tokenUrl and the manifest's allowed_hosts.")
        if login is not None:
            return login.token_request
        if oauth_client.issuer_of_jwts is not None:
            return oauth.build_assertion_request(oauth_client, oauth_client.issuer_of_jwts, now)
        token_request = oauth.build_refresh_request(oauth_client, current)
        if token_request is None:
            problem = (
                "is not signed in" if current is None else "holds no refresh token, so its token cannot be renewed"
            )
            raise SignInError(f"The connection {problem}.", hint=self.sign_in_hint)
        return token_request

    def log_changes(self, token_set: TokenSet, previous: TokenSet | None) -> None:
        """Warn about scopes that a new token lost, and a new refresh token that nothing stores."""
        lost_scopes = find_lost_scopes(token_set, previous)
        if lost_scopes:
            _log.warning("connection %s: the new token lacks scopes it had: %s", self.key, ", ".join(lost_scopes))
        refresh_token = token_set.refresh_token
        if not self.is_durable and refresh_token and previous and refresh_token != previous.refresh_token:
            hint = "give store= and name= to keep it"
            _log.warning("connection %s: the new refresh token ends with this process; %s", self.key, hint)

    def check_kind(self, record: ConnectionRecord | None) -> None:
        """Raise SignInError for a record of another kind, which the connection has taken over then."""
        if self.read_inputs is None or self.reload_connection is None or record is None:
            return
        if record.kind != self.initial_record.kind:
            raise self._take_over(f"replaced by one of kind {record.kind}")

    def _take_over(self, what: str) -> SignInError:
        """Let the connection take over its record; return the error of the calls that began before."""
        if self.reload_connection is not None:
            self.reload_connection()
        return SignInError(f"The connection was {what}.", hint="Make the call again.", retryable=True)
