"""A stored connection as it is told: whose, of which kind, how its token stands; secrets are never shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.auth.token_set import NO_EXPIRY
from connector.core.redaction import MASK
from connector.core.response import retry_after
from connector.errors import SignInError

if TYPE_CHECKING:
    from connector.core.auth.token_set import TokenSet
    from connector.definition.loader import Connector
    from connector.runtime.auth.connection_record import ConnectionRecord

KEY_PREFIX = "connection:"  # what the store's keys of connections begin with
_TOKEN_FIELDS = ("access_token", "refresh_token")


@dataclass(frozen=True, slots=True, repr=False)
class ConnectionView:
    """A stored connection; `record` holds secrets, so only the methods here show it."""

    connector: str
    name: str
    record: ConnectionRecord

    @classmethod
    def from_record(cls, key: str, record: ConnectionRecord) -> ConnectionView:
        """Return the view of a record that is stored under a key."""
        connector, name = parse_key(key)
        return cls(connector, name, record)

    @property
    def kind(self) -> str:
        """The kind of connection."""
        return self.record.kind

    @property
    def token_set(self) -> TokenSet | None:
        """The stored token; None for a kind without one."""
        return self.record.token_set

    @property
    def expires_at(self) -> str | None:
        """When the token at hand ends."""
        return _format_time(self.token_set.expires_at if self.token_set else None)

    @property
    def scopes(self) -> list[str] | None:
        """What the token may do, where the service said it."""
        return None if self.token_set is None or self.token_set.scopes is None else list(self.token_set.scopes)

    def get_status(self, connector: Connector, now: float) -> str:
        """Return alive, expired (its token ended, and only a person gets the next) or dead (the service ended it).

        Whether an ended token of another connector's is renewed without a person is not known here: unknown.
        """
        if self.record.revocation:
            return "dead"
        if self.token_set is None or self.token_set.refresh_token or now < self.token_set.expires_at:
            return "alive"
        connection_type = connector.manifest.connections.get(self.kind) if connector.name == self.connector else None
        if connection_type is None:
            return "unknown"
        return "expired" if connection_type.kind == "oauth2" else "alive"

    def build_sign_in_error(self, connector: Connector, now: float) -> SignInError | None:
        """Return the error of a connection of this connector that only signing in again brings back, or None."""
        status, revocation = self.get_status(connector, now), self.record.revocation
        if self.connector != connector.name or status not in ("dead", "expired"):
            return None
        if revocation:
            return SignInError(f"{self.name} ended at {_format_time(revocation.at)}: {revocation.why}.")
        return SignInError(f"The token of {self.name} ended at {self.expires_at}, and nothing renews it.")

    def to_summary(self, connector: Connector, now: float) -> dict[str, Any]:
        """Return what a list tells of it."""
        return {
            "name": self.name,
            "connector": self.connector,
            "kind": self.kind,
            "state": self.get_status(connector, now),
            "expires": self.expires_at,
            "scopes": None if self.scopes is None else len(self.scopes),
        }

    def to_dict(self, connector: Connector, now: float) -> dict[str, Any]:
        """Return everything that is known of it, secrets as ***."""
        connection_type = connector.manifest.connections.get(self.kind)
        public_keys = {
            key for key, field in (connection_type.inputs if connection_type else {}).items() if not field.secret
        }
        inputs = {key: value if key in public_keys else MASK for key, value in self.record.inputs.items()}
        token_set, revocation, intent = self.token_set, self.record.revocation, self.record.intent
        return {
            **self.to_summary(connector, now),
            "scopes": self.scopes,
            "inputs": redaction.redactor_for(connector).redact_data(inputs),
            "token": {
                **{key: MASK for key in _TOKEN_FIELDS if getattr(token_set, key, None)},
                "obtained": _format_time(token_set.obtained_at if token_set else None),
                "api_url": token_set.api_url if token_set else None,
            },
            "ended": {"at": _format_time(revocation.at), "why": revocation.why} if revocation else None,
            "interrupted": _format_time(intent.at if intent else None),
        }


def parse_key(key: str) -> tuple[str, str]:
    """Return the connector and the name in the key of a record."""
    connector, _, name = key.removeprefix(KEY_PREFIX).partition(":")
    return connector, name


def _format_time(timestamp: float | None) -> str | None:
    return (
        f"{retry_after.to_utc_datetime(timestamp):%Y-%m-%dT%H:%M:%SZ}" if timestamp and timestamp < NO_EXPIRY else None
    )
