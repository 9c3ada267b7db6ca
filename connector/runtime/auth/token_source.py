"""Share one token refresh among all callers of a connection.

A refresh runs on its own short-lived thread. Callers - threads, and tasks of any loop - share it and wait until
their own deadline; none of them can cancel it. Other processes share its result through the store.
"""

from __future__ import annotations

import copy
import logging
import os
import threading
import time
from concurrent import futures
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.core import url_policy
from connector.errors import ConnectorError, DeadlineError, TransportError
from connector.runtime.auth.token_refresh import TokenRefresher

if TYPE_CHECKING:
    from connector.core.auth.token_set import TokenSet
    from connector.core.request.credential import Credential
    from connector.runtime.auth.refresh_context import RefreshContext
    from connector.runtime.clock import Clock

_log = logging.getLogger("connector.connection")
POLL_INTERVAL = 0.5  # seconds
_RefreshKey = tuple[int, str | None]  # the process id, since threads end at a fork, and the rejected token


class TokenSource:
    """The token of one connection; safe to share among threads and loops, and after a fork."""

    def __init__(self, context: RefreshContext) -> None:
        self._context = context
        self._refresher = TokenRefresher(context)
        self._refreshes: dict[_RefreshKey, futures.Future[TokenSet]] = {}
        self._cached_credential: tuple[TokenSet, Credential] | None = None

    def get_cached(self, rejected_token: str | None, now: float) -> Credential | None:
        """Return the cached credential if its token is fresh, without waiting; else None."""
        token_set = self._refresher.get_cached(rejected_token, now)
        return None if token_set is None else self._to_credential(token_set)

    def wait(
        self, rejected_token: str | None, clock: Clock, seconds: float, cancel: threading.Event | None = None
    ) -> Credential | ConnectorError:
        """Return a fresh credential other than the rejected one; wait at most `seconds`, or until `cancel` is set.

        It polls twice a second: a signal just before a long wait would otherwise be noticed only at its end.
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
        """As `wait`, in a task; cancelling the task does not cancel the refresh."""
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
            waiter.cancel()  # only this wait: a running refresh cannot be cancelled
        return self._get_result(refresh, seconds)

    def read_token_set(self) -> TokenSet | None:
        """Return the cached or stored token, whether or not it is fresh. Raises StoreError."""
        return self._refresher.read_token_set()

    def _start_or_join(self, rejected_token: str | None, clock: Clock) -> futures.Future[TokenSet]:
        """Return the refresh in progress for a rejected token, or start one.

        The store's lock serializes refreshes for different tokens; a later one finds the token of an earlier one.
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
                new_refresh.set_exception(
                    TransportError(f"Cannot start a thread to refresh the token: {error}.", kind="thread")
                )
        return refresh

    def _run_refresh(self, key: _RefreshKey, refresh: futures.Future[TokenSet], clock: Clock) -> None:
        try:
            token_set = self._refresher.refresh(key[1], clock)
        except BaseException as error:  # noqa: BLE001  every waiter must get it
            self._refreshes.pop(key, None)
            refresh.set_exception(error)
        else:
            self._refreshes.pop(key, None)
            refresh.set_result(token_set)

    def _get_result(self, refresh: futures.Future[TokenSet], seconds: float) -> Credential | ConnectorError:
        """Return the result of a refresh; each waiter gets its own copy of an error, which its call annotates."""
        if not refresh.done():
            message = f"No token within {seconds:.1f} s: its refresh is still running."
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
            base_url, scopes = self._find_base_url(token_set.api_url), token_set.scopes
            credential = self._context.signer.sign(
                token_set.access_token, base_url=base_url, renewable=True, scopes=scopes
            )
            cached = self._cached_credential = (token_set, credential)
        return cached[1]

    def _find_base_url(self, named: str | None) -> str | None:
        """Return the base URL that a token names, by a URL or a host alone, if credentials may go there."""
        if not named:
            return None
        url = named if "://" in named else f"https://{named}"
        is_url = url_policy.has_url_characters(url)
        if not is_url or not url_policy.may_receive_credentials(url, self._context.allowed_hosts):
            _log.warning(
                "connection %s: the base URL that its token names is not at an allowed host", self._context.key
            )
            return None
        parts = urlsplit(url)
        return f"https://{parts.hostname}{parts.path.rstrip('/')}"
