"""The token of one connection, for all its callers: who waits for a renewal, and for how long.

A renewal runs on a short-lived thread of its own. Callers - threads, and tasks of any loop - share it and wait until
their own deadline; none of them can cancel it. Other processes share its outcome through the store.
"""

from __future__ import annotations

import copy
import os
import threading
import time
from concurrent import futures
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.core import url_policy
from connector.core.request.credential import Credential
from connector.errors import ConnectorError, DeadlineError, TransportError
from connector.runtime.auth.token_refresh import TokenRefresher

if TYPE_CHECKING:
    from connector.core.auth.token_set import TokenSet
    from connector.runtime.auth.refresh_context import RefreshContext
    from connector.runtime.clock import Clock

POLL_INTERVAL = 0.5  # seconds
_RefreshKey = tuple[
    int, str | None
]  # the process, since a fork has none of our threads, and the token that was rejected


class TokenSource:
    """One connection's token; safe to share among threads and loops, and after a fork."""

    def __init__(self, context: RefreshContext) -> None:
        self._context = context
        self._refresher = TokenRefresher(context)
        self._refreshes: dict[_RefreshKey, futures.Future[TokenSet]] = {}
        self._cached_credential: tuple[TokenSet, Credential] | None = None

    def get_cached(self, rejected_token: str | None, now: float) -> Credential | None:
        """Return the token at hand when it is good, without waiting; None when it must be renewed."""
        token_set = self._refresher.get_cached(rejected_token, now)
        return None if token_set is None else self._to_credential(token_set)

    def wait(
        self, rejected_token: str | None, clock: Clock, seconds: float, cancel: threading.Event | None = None
    ) -> Credential | ConnectorError:
        """Return a good token that is not the rejected one, waiting for its renewal at most `seconds`, or until `stop`.

        It looks up twice a second: a signal that comes just before a long wait would otherwise be noticed at its end.
        """
        refresh = self._start_or_join(rejected_token, clock)
        deadline = time.monotonic() + seconds
        while (
            not refresh.done() and (remaining := deadline - time.monotonic()) > 0 and not (cancel and cancel.is_set())
        ):
            futures.wait((refresh,), min(remaining, POLL_INTERVAL))
        return self._get_result(refresh, seconds)

    async def wait_async(
        self, rejected_token: str | None, clock: Clock, seconds: float, cancel: threading.Event | None = None
    ) -> Credential | ConnectorError:
        """As `wait`, in a task; cancelling the task leaves the renewal alone."""
        import asyncio

        refresh = self._start_or_join(rejected_token, clock)
        deadline = time.monotonic() + seconds
        waiter = asyncio.wrap_future(refresh)
        try:
            while (
                not refresh.done()
                and (remaining := deadline - time.monotonic()) > 0
                and not (cancel and cancel.is_set())
            ):
                await asyncio.wait({waiter}, timeout=min(remaining, POLL_INTERVAL))
        finally:
            waiter.cancel()  # of this wait alone: the flight is running, and cannot be cancelled
        return self._get_result(refresh, seconds)

    def read_token_set(self) -> TokenSet | None:
        """Return the token as it is known here, good or not. Raises StoreError."""
        return self._refresher.read_token_set()

    def _start_or_join(self, rejected_token: str | None, clock: Clock) -> futures.Future[TokenSet]:
        """Return the renewal that is under way for a rejected token, or begin one.

        Those for different tokens follow each other by the store's lock, and the later finds what the earlier kept.
        """
        key: _RefreshKey = (os.getpid(), rejected_token)
        new_refresh: futures.Future[TokenSet] = futures.Future()
        new_refresh.set_running_or_notify_cancel()
        refresh = self._refreshes.setdefault(key, new_refresh)
        if refresh is new_refresh:
            try:
                thread_args = (key, new_refresh, clock)
                threading.Thread(
                    target=self._run_refresh, args=thread_args, name="connector-token", daemon=False
                ).start()
            except RuntimeError as error:
                self._refreshes.pop(key, None)
                new_refresh.set_exception(TransportError(f"No thread to renew the token on: {error}.", kind="thread"))
        return refresh

    def _run_refresh(self, key: _RefreshKey, refresh: futures.Future[TokenSet], clock: Clock) -> None:
        try:
            token_set = self._refresher.refresh(key[1], clock)
        except BaseException as error:
            self._refreshes.pop(key, None)
            refresh.set_exception(error)
        else:
            self._refreshes.pop(key, None)
            refresh.set_result(token_set)

    def _get_result(self, refresh: futures.Future[TokenSet], seconds: float) -> Credential | ConnectorError:
        """Return what a flight brought; each waiter gets an error of its own, since a call writes on it."""
        if not refresh.done():
            message = f"No token within {seconds:.1f} s: its renewal still goes on."
            return DeadlineError(message, hint="Try again.", retryable=True, limit=seconds, elapsed=seconds)
        error = refresh.exception()
        if error is None:
            return self._to_credential(refresh.result())
        if isinstance(error, ConnectorError):
            return copy.copy(error)
        raise error

    def _to_credential(self, token_set: TokenSet) -> Credential:
        cached = self._cached_credential
        if cached is None or cached[0] is not token_set:
            header = ("Authorization", f"Bearer {token_set.access_token}")
            base_url, scopes = self._allowed_origin(token_set.api_url), token_set.scopes
            credential = Credential(
                token_set.access_token, headers=(header,), base_url=base_url, renewable=True, scopes=scopes
            )
            cached = self._cached_credential = (token_set, credential)
        return cached[1]

    def _allowed_origin(self, url: str | None) -> str | None:
        """Return the origin of the API that a token names, if the token may go there."""
        if not url or not url.isascii() or not url_policy.may_receive_credentials(url, self._context.allowed_hosts):
            return None
        return f"https://{urlsplit(url).hostname}"
