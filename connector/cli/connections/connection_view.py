"""A stored connection as it is told: whose, of which kind, how its token stands; secrets are never shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.core import redaction as redact
from connector.core.auth.token_set import NEVER
from connector.core.redaction import HIDDEN
from connector.core.response import retry_after as waits
from connector.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.loader import Connector

KEYS = "connection:"  # what the store's keys of connections begin with
_TOKENS = ("access_token", "refresh_token")


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One record of a store; `data` holds secrets, so it is told by the methods here alone."""

    connector: str
    name: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, key: str, data: Mapping[str, Any]) -> Entry:
        """Read a record and the key it is kept under."""
        connector, name = owner(key)
        return cls(connector, name, data)

    @property
    def kind(self) -> str:
        """The kind of connection."""
        return str(self.data.get("kind", ""))

    @property
    def grant(self) -> Mapping[str, Any]:
        """The token as it is kept; empty for a kind without one."""
        return self.data.get("grant") or {}

    @property
    def expires(self) -> str | None:
        """When the token at hand ends."""
        return _moment(self.grant.get("expires_at"))

    @property
    def scopes(self) -> list[str] | None:
        """What the token may do, where the service said it."""
        found = self.grant.get("scopes")
        return None if found is None else list(found)

    def state(self, connector: Connector, now: float) -> str:
        """Return alive, expired (its token ended, and only a person gets the next) or dead (the service ended it).

        Whether an ended token of another connector's is renewed without a person is not known here: unknown.
        """
        if self.data.get("dead"):
            return "dead"
        if not self.grant or self.grant.get("refresh_token") or now < self.grant["expires_at"]:
            return "alive"
        declared = connector.manifest.connections.get(self.kind) if connector.name == self.connector else None
        if declared is None:
            return "unknown"
        return "expired" if declared.kind == "oauth2" else "alive"

    def ended(self, connector: Connector, now: float) -> SignInError | None:
        """Return the error of a connection of this connector that only signing in again brings back, or None."""
        state, dead = self.state(connector, now), self.data.get("dead")
        if self.connector != connector.name or state not in ("dead", "expired"):
            return None
        if dead:
            return SignInError(f"{self.name} ended at {_moment(dead['at'])}: {dead['why']}.")
        return SignInError(f"The token of {self.name} ended at {self.expires}, and nothing renews it.")

    def row(self, connector: Connector, now: float) -> dict[str, Any]:
        """Return what a list tells of it."""
        return {
            "name": self.name,
            "connector": self.connector,
            "kind": self.kind,
            "state": self.state(connector, now),
            "expires": self.expires,
            "scopes": None if self.scopes is None else len(self.scopes),
        }

    def whole(self, connector: Connector, now: float) -> dict[str, Any]:
        """Return everything that is known of it, secrets as ***."""
        declared = connector.manifest.connections.get(self.kind)
        public = {key for key, spec in (declared.inputs if declared else {}).items() if not spec.secret}
        inputs = {key: value if key in public else HIDDEN for key, value in self.data.get("inputs", {}).items()}
        token = {key: HIDDEN for key in _TOKENS if self.grant.get(key)}
        dead = self.data.get("dead")
        return {
            **self.row(connector, now),
            "scopes": self.scopes,
            "inputs": redact.of(connector).data(inputs),
            "token": token | {"obtained": _moment(self.grant.get("obtained_at")), "api_url": self.grant.get("api_url")},
            "ended": {"at": _moment(dead["at"]), "why": dead["why"]} if dead else None,
            "interrupted": _moment((self.data.get("intent") or {}).get("at")),
        }


def owner(key: str) -> tuple[str, str]:
    """Return the connector and the name in the key of a record."""
    connector, _, name = key.removeprefix(KEYS).partition(":")
    return connector, name


def _moment(at: float | None) -> str | None:
    return f"{waits.moment(at):%Y-%m-%dT%H:%M:%SZ}" if at and at < NEVER else None
