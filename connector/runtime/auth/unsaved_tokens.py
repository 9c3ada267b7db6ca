"""Spent refresh tokens whose successors are not stored yet, and the end of a process that has some.

Such a process waits for the requests in progress, and then tries for some time to store what they brought: it is the
only copy.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Protocol

from connector.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.errors import ConnectorError

SENDING_TIMEOUT = 35.0  # seconds that an ending process waits for token requests, each of which ends by itself before
SAVING_TIMEOUT = 15.0  # seconds in which it tries to store what they brought
_SAVING_INTERVAL = 0.5  # seconds
_POLL_INTERVAL = 0.05  # seconds
_NOTICE_DELAY = 0.5  # seconds; a shorter wait is not reported

IS_ENDING = threading.Event()  # set when the process ends: from then on no token is spent, and nothing is retried
_refreshes: set[tuple[int, TokenAtStake]] = set()  # with the process id: those of a parent are not the child's
_log = logging.getLogger("connector.connection")


class RefreshedConnection(Protocol):
    """What a message says of a connection."""

    @property
    def key(self) -> str:
        """Its key in the store."""
        ...

    @property
    def sign_in_hint(self) -> str:
        """What to do if its token is lost."""
        ...


class TokenAtStake(Protocol):
    """A refresh whose refresh token is spent."""

    @property
    def context(self) -> RefreshedConnection:
        """The connection."""
        ...

    @property
    def is_sending(self) -> bool:
        """Whether the request is in progress."""
        ...

    @property
    def has_unsaved_token(self) -> bool:
        """Whether a token is in memory only."""
        ...

    def try_to_save(self) -> ConnectorError | None:
        """Try to store the token; return the error if that fails."""
        ...


def register(refresh: TokenAtStake) -> None:
    """Register a refresh before its token is spent. Raises TransportError when the process ends."""
    if not _refreshes:
        atexit.unregister(_settle_at_exit)  # register it once
        atexit.register(_settle_at_exit)
    _refreshes.difference_update([entry for entry in _refreshes.copy() if not _is_at_stake(entry[1])])
    _refreshes.add((os.getpid(), refresh))
    if IS_ENDING.is_set() and not refresh.has_unsaved_token:  # after it was added: `settle` looks after it has set this
        raise TransportError("This process ends, so no token is requested.", kind="interrupted", retryable=True)


def list_at_stake() -> list[TokenAtStake]:
    """Return the refreshes of this process whose new token is not stored."""
    return [refresh for pid, refresh in _refreshes.copy() if pid == os.getpid() and _is_at_stake(refresh)]


def settle(on_wait: Callable[[str], None] | None = None) -> list[str]:
    """Wait until every new token is stored, within the time limits; return a message for each that is lost.

    `on_wait` is told what a longer wait is for. A KeyboardInterrupt ends the wait.
    """
    IS_ENDING.set()
    _wait_for_replies(on_wait)
    return _save_all(on_wait)


def forget_all() -> None:
    """Forget the tokens whose loss was reported."""
    _refreshes.clear()


def _wait_for_replies(on_wait: Callable[[str], None] | None) -> None:
    began = time.monotonic()
    while sending := [refresh for refresh in list_at_stake() if refresh.is_sending]:
        passed = time.monotonic() - began
        if passed >= SENDING_TIMEOUT:
            return
        if on_wait is not None and passed >= _NOTICE_DELAY:
            names = ", ".join(refresh.context.key for refresh in sending)
            on_wait(f"Waiting up to {SENDING_TIMEOUT:.0f} s for the token of {names}, which is being renewed.")
            on_wait = None
        time.sleep(_POLL_INTERVAL)


def _save_all(on_wait: Callable[[str], None] | None) -> list[str]:
    """Try to store every token until it succeeds or the time is up; return the messages of those that are lost."""
    deadline = time.monotonic() + SAVING_TIMEOUT
    while losses := [*filter(None, map(_try_to_save, list_at_stake()))]:
        if time.monotonic() >= deadline:
            forget_all()
            return losses
        if on_wait is not None:
            names = ", ".join(refresh.context.key for refresh in list_at_stake())
            on_wait(f"Waiting up to {SAVING_TIMEOUT:.0f} s for the store to take the new token of {names}.")
            on_wait = None
        time.sleep(_SAVING_INTERVAL)
    return []


def _try_to_save(refresh: TokenAtStake) -> str:
    """Try to store a token; return the message of its loss if that fails, else an empty text."""
    error = "its refresh has not ended." if refresh.is_sending else refresh.try_to_save()
    if error is None:
        return ""
    consequence = "this process ends, and with it the only token"
    return f"connection {refresh.context.key}: {consequence}: {error} {refresh.context.sign_in_hint}"


def _is_at_stake(refresh: TokenAtStake) -> bool:
    return refresh.is_sending or refresh.has_unsaved_token


def _settle_at_exit() -> None:
    for message in settle():
        _log.error("%s", message)
