"""Read a stored connection again after the service rejected its credential: it may have been replaced or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from connector.errors import ConnectorError, SignInError
from connector.runtime.auth import shared_work
from connector.runtime.auth.shared_work import SharedWork

if TYPE_CHECKING:
    import threading
    from concurrent import futures

    from connector.core.request.credential import Credential
    from connector.runtime.auth.token_source import TokenSource
    from connector.runtime.clock import Clock


class ReloadableConnection(Protocol):
    """The parts of a connection that its store may replace."""

    kind: str
    name: str

    @property
    def base_url(self) -> str:
        """The base URL of requests."""
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


class StoredCredentialSource:
    """The credential of one stored connection whose type needs no sign-in; safe to share among threads and loops."""

    def __init__(self, connection: ReloadableConnection) -> None:
        self._connection = connection
        self._reloads: SharedWork[bool] = SharedWork(
            "connector-store", purpose="read the connection again", is_daemon=True
        )

    def wait(
        self,
        rejected_token: str | None,
        clock: Clock,
        seconds: float,
        cancel: threading.Event | None = None,
        *,
        lacks_scope: bool = False,  # noqa: ARG002  as a token source; the record is read again in either case
    ) -> Credential | ConnectorError:
        """Return the credential that the store has now; the rejected one again if it was not replaced."""
        reload = self._start_or_join(rejected_token)
        shared_work.wait(reload, seconds, cancel)
        return self._get_result(reload, clock, seconds)

    async def wait_async(
        self,
        rejected_token: str | None,
        clock: Clock,
        seconds: float,
        cancel: threading.Event | None = None,
        *,
        lacks_scope: bool = False,  # noqa: ARG002  as a token source
    ) -> Credential | ConnectorError:
        """As `wait`, in a task."""
        reload = self._start_or_join(rejected_token)
        await shared_work.wait_async(reload, seconds, cancel)
        return self._get_result(reload, clock, seconds)

    def _start_or_join(self, rejected_token: str | None) -> futures.Future[bool]:
        return self._reloads.start_or_join(rejected_token, self._reload)

    def _reload(self) -> bool:
        """Reload the connection; return whether the calls in progress can go on with it."""
        connection = self._connection
        kind, base_url = connection.kind, connection.base_url
        connection.reload()
        return connection.token_source is None and (connection.kind, connection.base_url) == (kind, base_url)

    def _get_result(self, reload: futures.Future[bool], clock: Clock, seconds: float) -> Credential | ConnectorError:
        message = f"The connection was not read again from its store within {seconds:.1f} s."
        may_go_on = shared_work.get_result(reload, message, seconds)
        if isinstance(may_go_on, ConnectorError):
            return may_go_on
        if not may_go_on:
            message = f"The connection {self._connection.name!r} was replaced by one of another kind or site."
            return SignInError(message, hint="Make the call again.", retryable=True, outcome="rejected")
        return self._connection.own_credential(clock.time())
