"""One call on the wire: its deadline, what it does just now, and whether a byte of it was sent; and names looked up."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from concurrent.futures import Future
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


def resolve_host(host: str, port: int) -> Future[list[str]]:
    """Return the addresses of a host, to come: the system's look-up knows no deadline, so a thread makes it."""
    future: Future[list[str]] = Future()
    future.set_running_or_notify_cancel()  # who waits may give up; the answer then goes nowhere
    try:
        future.set_result([str(ipaddress.ip_address(host))])
    except ValueError:
        threading.Thread(target=_resolve_into, args=(host, port, future), name="connector-dns", daemon=True).start()
    return future


def _resolve_into(host: str, port: int, future: Future[list[str]]) -> None:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        future.set_exception(error)
    else:
        future.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
