"""The retry quota of a client: limits the retries of all its callers while a service is down.

A token bucket, as in the AWS SDKs' standard mode: a retry takes from it, a success refunds it. If nothing succeeds
it is soon empty, and each call is sent only once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import ServiceDown
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from connector.core.response.result import Result

CAPACITY = 500
RETRY_COST = 5  # the cost of one retry; refunded when the call succeeds after it
SUCCESS_REFUND = 1  # refunded by a success without a retry


class RetryQuota:
    """A token bucket of retries; safe to share among threads."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = self._available = capacity
        self._lock = ForkSafeLock()

    def acquire(self) -> float | ServiceDown:
        """Take the cost of one retry; return 0.0, or the error if too little is left."""
        with self._lock:
            if self._available >= RETRY_COST:
                self._available -= RETRY_COST
                return 0.0
        return ServiceDown("Not retried: too many calls of this client are failing.")

    def release(self, result: Result) -> None:
        """Refund a call that succeeded."""
        if self._available == self._capacity:  # the usual case
            return
        was_retried = result.attempts > result.pages
        with self._lock:
            self._available = min(self._capacity, self._available + (RETRY_COST if was_retried else SUCCESS_REFUND))
