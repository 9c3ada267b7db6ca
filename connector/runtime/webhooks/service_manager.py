"""What systemd tells a service that it starts: the sockets it already listens on, and where to say that all is ready.

Sockets that outlive the process are how it is replaced without refusing a connection: those that arrive meanwhile wait
in the queue of the socket. Both protocols are environment variables, and stable
(https://systemd.io/FILE_DESCRIPTOR_STORE, sd_listen_fds(3), sd_notify(3)).
"""

from __future__ import annotations

import contextlib
import os
import socket

FIRST_DESCRIPTOR = 3  # of those that are passed
_SOCKET_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_NOTIFY_VARIABLE = "NOTIFY_SOCKET"


def take_sockets() -> list[tuple[str, socket.socket]]:
    """Return the sockets that were passed to this process with the names of their units, once; none without systemd.

    The variables are removed, so that no program that is started here takes the numbers for its own.
    """
    pid, count, names = (os.environ.pop(name, "") for name in _SOCKET_VARIABLES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    given_names = names.split(":") if names else []
    taken = []
    for place in range(int(count)):
        passed = socket.socket(fileno=FIRST_DESCRIPTOR + place)
        passed.set_inheritable(False)
        taken.append((given_names[place] if place < len(given_names) else "", passed))
    return taken


def notify(state: str) -> None:
    """Tell the service manager a state, such as READY=1; without one, nothing happens."""
    address = os.environ.get(_NOTIFY_VARIABLE, "")
    if not address:
        return
    target = f"\0{address[1:]}" if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(target)
        sender.sendall(state.encode())
