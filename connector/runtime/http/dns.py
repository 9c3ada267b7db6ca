"""Host name lookup on a thread, because the system's own call takes no deadline."""

from __future__ import annotations

import ipaddress
import socket
import threading
from concurrent.futures import Future


def resolve_host(host: str, port: int) -> Future[list[str]]:
    """Return a future of a host's addresses; of an IP address it is done at once."""
    future: Future[list[str]] = Future()
    future.set_running_or_notify_cancel()  # a caller that gives up leaves the thread to finish
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
