"""The connection that a token refresh is for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.core.auth.oauth import OAuthClient
from connector.runtime.auth import connection_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.definition.manifest import ConnectionType
    from connector.runtime.auth.connection_record import ConnectionRecord
    from connector.runtime.storage.store import Store


@dataclass(frozen=True, slots=True, repr=False)
class RefreshContext:
    """What renewing needs of a connection.

    Its app; its store and key there; the hosts that secrets may go to; what its record begins with; how to sign in
    again; whether its store outlives the process; its kind, when its inputs are those of its record and may be given
    anew by a sign-in elsewhere; an HTTP seam (None: one of its own).
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
        """Return the app that a record is renewed with."""
        if self.reload_inputs_as is None or record is None or record.kind != self.initial_record.kind:
            return self.oauth_client
        return OAuthClient.from_inputs(self.reload_inputs_as, record.inputs)

    def read_record(self) -> ConnectionRecord | None:
        """Return the stored record, or None. Raises StoreError."""
        return connection_record.read_record(self.store, self.key)

    def write_record(self, record: ConnectionRecord) -> ConnectionRecord:
        """Store a record that follows its `version`; return it with the new one. Raises StoreError."""
        return replace(record, version=self.store.write(self.key, record.to_dict(), version=record.version))
