"""One call on the wire: its deadline, what it does just now, and whether a byte of it was sent; and names looked up."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.runtime.http.body_reader import Arriving
    from connector.runtime.http.proxies import Proxy


class Call:
    """What one call knows on the wire. `phase` is pool, connect, write or read; `stall` bounds each read besides."""

    __slots__ = ("arriving", "files", "phase", "proxy", "stall", "timer", "until", "wrote")

    def __init__(self, until: float, stall: float | None = None) -> None:
        self.until = until
        self.stall = stall
        self.phase = "connect"
        self.wrote = False
        self.files: list[Any] = []  # opened for its body
        self.arriving: Arriving | None = None
        self.proxy: Proxy | None = None
        self.timer: Any = None  # of tasks: what ends a read that stalls

    def left(self) -> float:
        """Return the seconds that the next operation may take. Raises TimeoutError when the call's time is over."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is over")
        return left if self.stall is None else min(left, self.stall)

    def over(self) -> None:
        """Close what was opened for it."""
        for file in self.files:
            file.close()


def look_up(host: str, port: int) -> Future[list[str]]:
    """Return the addresses of a host, to come: the system's look-up knows no deadline, so a thread makes it."""
    found: Future[list[str]] = Future()
    found.set_running_or_notify_cancel()  # who waits may give up; the answer then goes nowhere
    try:
        found.set_result([str(ipaddress.ip_address(host))])
    except ValueError:
        threading.Thread(target=_look_up, args=(host, port, found), name="connector-dns", daemon=True).start()
    return found


def _look_up(host: str, port: int, found: Future[list[str]]) -> None:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        found.set_exception(error)
    else:
        found.set_result(list(dict.fromkeys(str(one[4][0]) for one in answers)))
