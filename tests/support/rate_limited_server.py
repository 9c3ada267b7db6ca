"""A service with a token bucket of one second that counts its refusals."""

from __future__ import annotations

import threading
import time

from support.servers import Counting, reply

OK = reply(json_={"id": "me"})
TOO_MANY = reply(
    429,
    {"code": 429, "message": "You have reached the maximum per-second rate limit for this API. Try again later."},
    headers=(("X-RateLimit-Type", "QPS"), ("X-RateLimit-Category", "Light")),
)


class RateLimitedServer(Counting):
    """Answers `limit` requests a second, others with 429; `arrivals` has the moments of all requests."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.arrivals: list[float] = []
        self.refused = 0
        self._left, self._filled = float(limit), time.monotonic()
        self._counting = threading.Lock()

        def judged(_request: object) -> object:
            return self._respond()

        super().__init__(judged)

    def _respond(self) -> object:
        with self._counting:
            now = time.monotonic()
            self._left = min(self.limit, self._left + (now - self._filled) * self.limit)
            self._filled = now
            self.arrivals.append(now)
            if self._left < 1:
                self.refused += 1
                return TOO_MANY
            self._left -= 1
            return OK

    @property
    def rate(self) -> float:
        """Requests per second, from the first to the last."""
        return (len(self.arrivals) - 1) / (self.arrivals[-1] - self.arrivals[0])

    @property
    def fullest(self) -> int:
        """The largest number of requests in any second."""
        first = most = 0
        for last, moment in enumerate(self.arrivals):
            while moment - self.arrivals[first] >= 1:
                first += 1
            most = max(most, last - first + 1)
        return most
