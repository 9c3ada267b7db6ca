"""The connection data that a token refresh needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.core.auth.signing import BEARER, Signer
from connector.errors import SignInError
from connector.runtime.auth import connection_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.core.auth.oauth_client import OAuthClient
    from connector.core.auth.token_set import TokenSet
    from connector.runtime.auth.connection_record import ConnectionRecord
    from connector.runtime.storage.store import Store


@dataclass(frozen=True, slots=True, repr=False)
class RefreshContext:
    """The connection data that a token refresh needs.

    `allowed_hosts` may receive secrets; `initial_record` is written where the store has none; `is_durable` says that
    the store outlives the process; with `read_inputs` the inputs are read from the stored record, which another sign-in
    may replace; `signer` puts a token into requests; `http` is a transport (None: a new one per request).
    """

    oauth_client: OAuthClient
    store: Store
    key: str
    allowed_hosts: Sequence[str]
    initial_record: ConnectionRecord
    sign_in_hint: str
    is_durable: bool = True
    read_inputs: Callable[[Mapping[str, Any]], tuple[OAuthClient, Signer]] | None = None
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
            message = "The stored connection was signed in again with other inputs, such as another host."
            raise SignInError(message, hint="Load the connection again: its token must not go where it went before.")
        return oauth_client

    def read_fresh_token(self, rejected_token: str | None, now: float) -> TokenSet | None:
        """Return the stored token if it is fresh and belongs here. Raises SignInError, StoreError."""
        record = self.read_record()
        self.oauth_client_for(record)
        return connection_record.find_fresh_token(record, rejected_token, now)

    def read_record(self) -> ConnectionRecord | None:
        """Return the stored record, or None. Raises StoreError."""
        return connection_record.read_record(self.store, self.key)

    def write_record(self, record: ConnectionRecord) -> ConnectionRecord:
        """Store a record that follows its `version`; return it with the new one. Raises StoreError."""
        return replace(record, version=self.store.write(self.key, record.to_dict(), version=record.version))
