"""The connection data that a token refresh needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.core.auth.oauth import OAuthClient
from connector.runtime.auth import connection_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.definition.connection_type import ConnectionType
    from connector.runtime.auth.connection_record import ConnectionRecord
    from connector.runtime.storage.store import Store


@dataclass(frozen=True, slots=True, repr=False)
class RefreshContext:
    """The connection data that a token refresh needs.

    `allowed_hosts` may receive secrets; `initial_record` is written where the store has none; `is_durable` says that
    the store outlives the process; with `reload_inputs_as` the inputs are read from the stored record, which another
    sign-in may replace; `http` is a transport (None: a new one per request).
    """

    oauth_client: OAuthClient
    store: Store
    key: str
    allowed_hosts: Sequence[str]
    initial_record: ConnectionRecord
    sign_in_hint: str
    is_durable: bool = True
    reload_inputs_as: ConnectionType | None = None
    http: Any = None

    def oauth_client_for(self, record: ConnectionRecord | None) -> OAuthClient:
        """Return the OAuth client that refreshes a record."""
        if self.reload_inputs_as is None or record is None or record.kind != self.initial_record.kind:
            return self.oauth_client
        return OAuthClient.from_inputs(self.reload_inputs_as, record.inputs)

    def read_record(self) -> ConnectionRecord | None:
        """Return the stored record, or None. Raises StoreError."""
        return connection_record.read_record(self.store, self.key)

    def write_record(self, record: ConnectionRecord) -> ConnectionRecord:
        """Store a record that follows its `version`; return it with the new one. Raises StoreError."""
        return replace(record, version=self.store.write(self.key, record.to_dict(), version=record.version))
