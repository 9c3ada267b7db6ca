"""A gate in front of a server: it lets connections through, keeps silent about them, or drops them."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import Self


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
            with contextlib.suppress(TimeoutError):
                here = self._listening.accept()[0]
                self.accepted += 1
                self._threads.append(threading.Thread(target=self._relay, args=(here,)))
                self._threads[-1].start()

    def _relay(self, here: socket.socket) -> None:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
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
