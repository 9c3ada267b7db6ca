"""Per-request state: deadline, phase, and whether bytes were sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.runtime.http.body_reader import BodyReader
    from connector.runtime.http.proxies import Proxy


class RequestState:
    """The state of one request. `phase` is pool, connect, write or read; times are seconds of `time.monotonic()`."""

    __slots__ = ("body_reader", "deadline", "has_sent_bytes", "open_files", "phase", "proxy", "stall_timeout", "timer")

    def __init__(self, deadline: float, stall_timeout: float | None = None) -> None:
        self.deadline = deadline
        self.stall_timeout = stall_timeout
        self.phase = "connect"
        self.has_sent_bytes = False
        self.open_files: list[Any] = []  # for the request body
        self.body_reader: BodyReader | None = None
        self.proxy: Proxy | None = None
        self.timer: Any = None  # asyncio.Timeout of a download, which ends a stalled read

    def require_time_left(self) -> float:
        """Return the seconds left for the next operation. Raises TimeoutError after the deadline."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the call's deadline has passed")
        return remaining if self.stall_timeout is None else min(remaining, self.stall_timeout)

    def close_files(self) -> None:
        """Close the files of the request body."""
        for file in self.open_files:
            file.close()
