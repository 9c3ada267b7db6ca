"""Per-request state: deadline, phase, and whether bytes were sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.runtime.http.body_reader import BodyReader
    from connector.runtime.http.proxies import Proxy


class RequestState:
    """What one call knows on the wire. `phase` is pool, connect, write or read; `stall` bounds each read besides."""

    __slots__ = ("body_reader", "deadline", "has_sent_bytes", "open_files", "phase", "proxy", "stall_timeout", "timer")

    def __init__(self, deadline: float, stall_timeout: float | None = None) -> None:
        self.deadline = deadline
        self.stall_timeout = stall_timeout
        self.phase = "connect"
        self.has_sent_bytes = False
        self.open_files: list[Any] = []  # opened for its body
        self.body_reader: BodyReader | None = None
        self.proxy: Proxy | None = None
        self.timer: Any = None  # of tasks: what ends a read that stalls

    def require_time_left(self) -> float:
        """Return the seconds that the next operation may take. Raises TimeoutError when the call's time is over."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the call's time is over")
        return remaining if self.stall_timeout is None else min(remaining, self.stall_timeout)

    def close_files(self) -> None:
        """Close what was opened for it."""
        for file in self.open_files:
            file.close()
