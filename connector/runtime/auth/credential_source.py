"""Where a connection gets another credential: work that its callers share, each waiting until its own deadline."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.runtime.auth import shared_work

if TYPE_CHECKING:
    import threading
    from concurrent import futures

    from connector.core.request.credential import Credential
    from connector.errors import ConnectorError
    from connector.runtime.clock import Clock

T = TypeVar("T")


class CredentialSource(ABC, Generic[T]):
    """Gets a credential other than a rejected one; safe to share among threads and loops, and after a fork."""

    def wait(
        self,
        rejected_token: str | None,
        clock: Clock,
        seconds: float,
        cancel: threading.Event | None = None,
        *,
        lacks_scope: bool = False,
    ) -> Credential | ConnectorError:
        """Return a credential other than the rejected one; wait at most `seconds`, or until `cancel` is set.

        With `lacks_scope` the rejected token is valid but lacks a scope: it is returned if there is no better one.
        """
        work = self._start_or_join(rejected_token, clock, lacks_scope=lacks_scope)
        shared_work.wait(work, seconds, cancel)
        return self._get_result(work, clock, seconds)

    async def wait_async(
        self,
        rejected_token: str | None,
        clock: Clock,
        seconds: float,
        cancel: threading.Event | None = None,
        *,
        lacks_scope: bool = False,
    ) -> Credential | ConnectorError:
        """As `wait`, in a task; cancelling the task does not cancel the work."""
        work = self._start_or_join(rejected_token, clock, lacks_scope=lacks_scope)
        await shared_work.wait_async(work, seconds, cancel)
        return self._get_result(work, clock, seconds)

    @abstractmethod
    def _start_or_join(self, rejected_token: str | None, clock: Clock, *, lacks_scope: bool) -> futures.Future[T]:
        """Return the work in progress for a rejected token, or start it."""

    @abstractmethod
    def _get_result(self, work: futures.Future[T], clock: Clock, seconds: float) -> Credential | ConnectorError:
        """Return the credential of work that has ended, or its error."""
