"""The retry quota of a client: what all of its callers together may try again while a service is down.

A token bucket, as in the AWS SDKs' standard mode: a retry takes from it, a success gives back. When nothing succeeds
it is soon empty, and then each call is sent once.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from connector.errors import ServiceDown

if TYPE_CHECKING:
    from connector.core.response.parser import Result

FULL = 500
RETRY = 5  # what one retry takes; a success after it gives as much back
SUCCESS = 1  # what a success at once gives back


class Quota:
    """How much is left; safe to share among threads."""

    def __init__(self, full: int = FULL) -> None:
        self._full = self._left = full
        self._gate = threading.Lock()

    def take(self) -> float | ServiceDown:
        """Take what one retry costs; 0.0 when it may go ahead, else the error that says why not."""
        with self._gate:
            if self._left >= RETRY:
                self._left -= RETRY
                return 0.0
        return ServiceDown("Not tried again: too many calls of this client are failing.")

    def give(self, result: Result) -> None:
        """Give back for a call that succeeded."""
        if self._left == self._full:  # as in every call while all is well
            return
        retried = result.attempts > result.pages
        with self._gate:
            self._left = min(self._full, self._left + (RETRY if retried else SUCCESS))
