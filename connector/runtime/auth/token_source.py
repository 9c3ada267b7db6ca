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

from connector.core import url_policy as guard
from connector.core.exchange.exchange import Signed
from connector.errors import ConnectorError, DeadlineError, TransportError
from connector.runtime.auth.token_refresh import Renewal

if TYPE_CHECKING:
    from connector.core.auth.token_set import Grant
    from connector.runtime.auth.token_refresh import Owner
    from connector.runtime.clock import Clock

SLICE = 0.5  # seconds
_Key = tuple[int, str | None]  # the process, since a fork has none of our threads, and the token that was rejected


class Tokens:
    """One connection's token; safe to share among threads and loops, and after a fork."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._renewal = Renewal(owner)
        self._flights: dict[_Key, futures.Future[Grant]] = {}
        self._signed: tuple[Grant, Signed] | None = None

    def current(self, rejected: str | None, now: float) -> Signed | None:
        """Return the token at hand when it is good, without waiting; None when it must be renewed."""
        grant = self._renewal.at_hand(rejected, now)
        return None if grant is None else self._sign(grant)

    def wait(
        self, rejected: str | None, clock: Clock, seconds: float, stop: threading.Event | None = None
    ) -> Signed | ConnectorError:
        """Return a good token that is not the rejected one, waiting for its renewal at most `seconds`, or until `stop`.

        It looks up twice a second: a signal that comes just before a long wait would otherwise be noticed at its end.
        """
        flight = self._flight(rejected, clock)
        until = time.monotonic() + seconds
        while not flight.done() and (left := until - time.monotonic()) > 0 and not (stop and stop.is_set()):
            futures.wait((flight,), min(left, SLICE))
        return self._landed(flight, seconds)

    async def wait_async(
        self, rejected: str | None, clock: Clock, seconds: float, stop: threading.Event | None = None
    ) -> Signed | ConnectorError:
        """As `wait`, in a task; cancelling the task leaves the renewal alone."""
        import asyncio  # noqa: PLC0415  a program without tasks need not load it

        flight = self._flight(rejected, clock)
        until = time.monotonic() + seconds
        waiting = asyncio.wrap_future(flight)
        try:
            while not flight.done() and (left := until - time.monotonic()) > 0 and not (stop and stop.is_set()):
                await asyncio.wait({waiting}, timeout=min(left, SLICE))
        finally:
            waiting.cancel()  # of this wait alone: the flight is running, and cannot be cancelled
        return self._landed(flight, seconds)

    def grant(self) -> Grant | None:
        """Return the token as it is known here, good or not. Raises StoreError."""
        return self._renewal.known()

    def _flight(self, rejected: str | None, clock: Clock) -> futures.Future[Grant]:
        """Return the renewal that is under way for a rejected token, or begin one.

        Those for different tokens follow each other by the store's lock, and the later finds what the earlier kept.
        """
        key: _Key = (os.getpid(), rejected)
        mine: futures.Future[Grant] = futures.Future()
        mine.set_running_or_notify_cancel()
        flight = self._flights.setdefault(key, mine)
        if flight is mine:
            try:
                work = (key, mine, clock)
                threading.Thread(target=self._fly, args=work, name="connector-token", daemon=False).start()
            except RuntimeError as error:
                self._flights.pop(key, None)
                mine.set_exception(TransportError(f"No thread to renew the token on: {error}.", kind="thread"))
        return flight

    def _fly(self, key: _Key, flight: futures.Future[Grant], clock: Clock) -> None:
        try:
            grant = self._renewal.renew(key[1], clock)
        except BaseException as error:  # noqa: BLE001  every waiter must hear of it
            self._flights.pop(key, None)
            flight.set_exception(error)
        else:
            self._flights.pop(key, None)
            flight.set_result(grant)

    def _landed(self, flight: futures.Future[Grant], seconds: float) -> Signed | ConnectorError:
        """Return what a flight brought; each waiter gets an error of its own, since a call writes on it."""
        if not flight.done():
            message = f"No token within {seconds:.1f} s: its renewal still goes on."
            return DeadlineError(message, hint="Try again.", retryable=True, limit=seconds, elapsed=seconds)
        error = flight.exception()
        if error is None:
            return self._sign(flight.result())
        if isinstance(error, ConnectorError):
            return copy.copy(error)
        raise error

    def _sign(self, grant: Grant) -> Signed:
        made = self._signed
        if made is None or made[0] is not grant:
            header = ("Authorization", f"Bearer {grant.access_token}")
            base, scopes = self._origin(grant.api_url), grant.scopes
            signed = Signed(grant.access_token, headers=(header,), base_url=base, renewable=True, scopes=scopes)
            made = self._signed = (grant, signed)
        return made[1]

    def _origin(self, url: str | None) -> str | None:
        """Return the origin of the API that a token names, if the token may go there."""
        if not url or not url.isascii() or not guard.may_carry(url, self._owner.hosts):
            return None
        return f"https://{urlsplit(url).hostname}"
