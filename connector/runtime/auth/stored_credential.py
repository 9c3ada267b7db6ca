"""Read a stored connection again after the service rejected its credential: it may have been replaced or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from connector.errors import ConnectorError, SignInError
from connector.runtime.auth import shared_work
from connector.runtime.auth.credential_source import CredentialSource
from connector.runtime.auth.shared_work import SharedWork

if TYPE_CHECKING:
    from concurrent import futures

    from connector.core.auth.site import Site
    from connector.core.request.credential import Credential
    from connector.runtime.auth.token_source import TokenSource
    from connector.runtime.clock import Clock


class ReloadableConnection(Protocol):
    """The parts of a connection that its store may replace."""

    kind: str
    name: str

    @property
    def site(self) -> Site:
        """Where its requests may go."""
        ...

    @property
    def token_source(self) -> TokenSource | None:
        """The source of refreshed tokens, or None."""
        ...

    def own_credential(self, now: float) -> Credential:
        """Return the credential of a type that needs no sign-in."""
        ...

    def reload(self) -> bool:
        """Take over what the store has now. Raises SignInError, StoreError."""
        ...


class StoredCredentialSource(CredentialSource[bool]):
    """The credential that the store has now, of a type without sign-in; the rejected one if it was not replaced."""

    def __init__(self, connection: ReloadableConnection) -> None:
        self._connection = connection
        self._reloads: SharedWork[bool] = SharedWork(
            "connector-store", purpose="read the connection again", is_daemon=True
        )

    def _start_or_join(
        self,
        rejected_token: str | None,
        clock: Clock,  # noqa: ARG002  reading the store needs none
        *,
        lacks_scope: bool,  # noqa: ARG002  the record is read again in either case
    ) -> futures.Future[bool]:
        return self._reloads.start_or_join(rejected_token, self._reload)

    def _reload(self) -> bool:
        """Reload the connection; return whether the calls in progress can go on with it."""
        connection = self._connection
        kind, site = connection.kind, connection.site
        connection.reload()
        return connection.token_source is None and (connection.kind, connection.site) == (kind, site)

    def _get_result(self, work: futures.Future[bool], clock: Clock, seconds: float) -> Credential | ConnectorError:
        message = f"The connection was not read again from its store within {seconds:.1f} s."
        may_go_on = shared_work.get_result(work, message, seconds)
        if isinstance(may_go_on, ConnectorError):
            return may_go_on
        if not may_go_on:
            message = f"The connection {self._connection.name!r} was replaced by one of another kind or site."
            return SignInError(message, hint="Make the call again.", retryable=True, outcome="rejected")
        return self._connection.own_credential(clock.time())
