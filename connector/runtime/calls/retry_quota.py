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

CAPACITY = 500
RETRY_COST = 5  # what one retry takes; a success after it gives as much back
SUCCESS_REFUND = 1  # what a success at once gives back


class RetryQuota:
    """How much is left; safe to share among threads."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = self._available = capacity
        self._lock = threading.Lock()

    def acquire(self) -> float | ServiceDown:
        """Take what one retry costs; 0.0 when it may go ahead, else the error that says why not."""
        with self._lock:
            if self._available >= RETRY_COST:
                self._available -= RETRY_COST
                return 0.0
        return ServiceDown("Not tried again: too many calls of this client are failing.")

    def release(self, result: Result) -> None:
        """Give back for a call that succeeded."""
        if self._available == self._capacity:  # as in every call while all is well
            return
        was_retried = result.attempts > result.pages
        with self._lock:
            self._available = min(self._capacity, self._available + (RETRY_COST if was_retried else SUCCESS_REFUND))
