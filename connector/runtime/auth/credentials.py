"""The Credentials protocol, which connections, given tokens and the sandbox's credentials satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from connector.core.request.credential import Credential
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.errors import ConnectorError
    from connector.runtime.auth.credential_source import CredentialSource
    from connector.runtime.auth.token_source import TokenSource


class Credentials(Protocol):
    """Signs the requests of a call."""

    def find_url(self, server: str | None) -> str:
        """Return the URL of a server of the manifest, or the base URL for none, complete."""
        ...

    @property
    def allowed_hosts(self) -> tuple[str, ...] | None:
        """The hosts that may receive its credential; None for the manifest's."""
        ...

    @property
    def name(self) -> str:
        """The name by which a call may select it."""
        ...

    @property
    def kind(self) -> str:
        """The key of the connection type in the manifest; empty if it has none."""
        ...

    @property
    def token_source(self) -> TokenSource | None:
        """The source of refreshed tokens, or None."""
        ...

    @property
    def credential_source(self) -> CredentialSource[Any] | None:
        """Where another credential than a rejected one comes from, or None."""
        ...

    def credential(self, rejected_token: str | None, now: float) -> Credential | ConnectorError | None:
        """Return the credential of a request; None when `credential_source` must be asked."""
        ...

    def inputs(self) -> dict[str, Any]:
        """Return the inputs by key, secrets included."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Return every secret that must not be shown."""
        ...

    def can_run(self, action: Action) -> bool:
        """Whether an action may be run with it."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class GivenToken:
    """A bearer token that the caller passes for one call."""

    token: str
    base_url: str
    allowed_hosts: tuple[str, ...] | None = None
    name: str = ""
    kind: str = ""
    token_source: None = None
    credential_source: None = None

    def find_url(self, server: str | None) -> str:
        """Return the base URL: the token is for a URL that the service named, whatever its server."""
        del server
        return self.base_url

    def credential(self, rejected_token: str | None, now: float) -> Credential:  # noqa: ARG002  the protocol's signature
        """Return the token as a bearer."""
        return Credential(self.token, headers=(("Authorization", f"Bearer {self.token}"),))

    def inputs(self) -> dict[str, Any]:
        """Return nothing: there are no inputs."""
        return {}

    def secrets(self) -> tuple[str, ...]:
        """Return the token."""
        return (self.token,)

    def can_run(self, action: Action) -> bool:  # noqa: ARG002  the protocol's signature
        """Return True: the caller chose it for this call."""
        return True
