"""Test proxies: HTTP (tunnels and forwards), SOCKS 5 and a gate; each sends every host to one port."""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from support.servers import Line, Recorded


def tunnel(port: int):
    """Return a behaviour that answers CONNECT with a tunnel to a local port."""

    def play(line: Line, request: Recorded) -> bool:
        assert request.method == "CONNECT"
        with socket.create_connection(("127.0.0.1", port)) as there:
            line.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pump(line.socket, there, line.stop)
        return False

    return play


def pump(one: socket.socket, other: socket.socket, stop: threading.Event) -> None:
    """Copy bytes both ways until one side closes."""
    one.settimeout(0.05)  # a readable TLS socket may have no data yet
    with suppress(OSError):
        while not stop.is_set():
            waiting = [one] if getattr(one, "pending", int)() else select.select([one, other], [], [], 0.05)[0]
            for here in waiting:
                with suppress(TimeoutError):
                    data = here.recv(65_536)
                    if not data:
                        return
                    (other if here is one else one).sendall(data)


class Socks:
    """A SOCKS 5 proxy (RFC 1928, 1929) to one local port. `asked` lists the hosts, `users` the logins.

    `strange` replaces its first answer.
    """

    def __init__(self, port: int, *, user: bytes | None = None, strange: bytes | None = None) -> None:
        self.asked: list[tuple[bytes, int]] = []
        self.users: list[bytes] = []
        self.seen = b""  # after the greeting
        self._to, self._user, self._strange = port, user, strange
        self._stop = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = self._listening.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(accepted,)))
                self._threads[-1].start()

    def _serve(self, here: socket.socket) -> None:
        with here, suppress(OSError, IndexError, struct.error):
            here.settimeout(10)
            methods = here.recv(300)
            if self._strange is not None:
                here.sendall(self._strange)
                return
            method = 2 if self._user else 0
            here.sendall(bytes([5, method if method in methods[2:] else 255]))
            if self._user:
                self.users.append(here.recv(600))
                good = self.users[-1] == self._user
                here.sendall(bytes([1, 0 if good else 1]))
                if not good:
                    return
            request = here.recv(600)
            host = request[5 : 5 + request[4]]
            self.asked.append((host, struct.unpack("!H", request[-2:])[0]))
            with socket.create_connection(("127.0.0.1", self._to)) as there:
                here.sendall(bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
                pump(here, there, self._stop)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(15)
            assert not thread.is_alive()


class Gate:
    """A TCP relay to a local port; `mode` is open, silent (accepts and says nothing) or away (drops everything)."""

    def __init__(self, port: int) -> None:
        self.mode = "open"
        self.accepted = 0
        self._to = port
        self._stop = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        self._listening.settimeout(0.05)
        while not self._stop.is_set():
            with suppress(TimeoutError):
                here = self._listening.accept()[0]
                self.accepted += 1
                self._threads.append(threading.Thread(target=self._relay, args=(here,)))
                self._threads[-1].start()

    def _relay(self, here: socket.socket) -> None:
        with ExitStack() as stack, suppress(OSError):
            stack.enter_context(here)
            there: socket.socket | None = None
            while not self._stop.is_set() and self.mode != "away":
                if self.mode == "silent":
                    self._stop.wait(0.02)
                    continue
                if there is None:
                    there = stack.enter_context(socket.create_connection(("127.0.0.1", self._to)))
                for side in select.select([here, there], [], [], 0.02)[0]:
                    data = side.recv(65_536)
                    if not data:
                        return
                    (there if side is here else here).sendall(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._listening.close()
