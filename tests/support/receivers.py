"""Receivers under test: signed deliveries, served receivers with raw connections, and waiting for conditions."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Self

from connector import Receiver
from connector.runtime.webhooks.admin.health import Health, ReadinessLimits
from connector.runtime.webhooks.server import Admin, ReceiverServer, route_by_path
from connector.runtime.webhooks.server import _serve_admin as serve_admin
from support import signature_schemes
from support.pace import PATIENCE, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.runtime.webhooks.asgi import ConnectionLimits

SECRET = "canary-of-a-webhook-secret"
DATABASE_KINDS = ["sqlite", "postgres"]


def new_inbox_url(kind: str, folder: Any) -> str:
    """Return the URL of a new inbox."""
    if kind == "postgres":
        from support import private_postgres

        return private_postgres.fresh()
    return f"sqlite:///{folder}/place/inbox.db"


def body(number: int, name: str = "meeting.started", *, about: Any = None, **more: Any) -> bytes:
    """Return the body of an event; each number makes another event."""
    thing = {"id": str(number if about is None else about), **more}
    payload = {"account_id": "acc", "object": thing}
    return json.dumps({"event": name, "event_ts": 1_720_707_175_000 + number, "payload": payload}).encode()


def sign(content: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """Return the headers that the service would send with a body."""
    return signature_schemes.sign(content, secret, str(int(time.time() if at is None else at)))


def request(content: bytes, headers: Mapping[str, str] | None = None, path: str = "/hook") -> bytes:
    """Return a signed delivery as bytes."""
    lines = {"Host": "receiver.example", "Content-Length": str(len(content)), **(headers or sign(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


class ServedReceiver:
    """A receiver, several by path, or an application with one, served in a thread; `line()` connects to it."""

    def __init__(self, what: Any, limits: ConnectionLimits | None = None) -> None:
        paths = {"/hook": what} if isinstance(what, Receiver) else what
        self.server = ReceiverServer(route_by_path(paths) if isinstance(paths, dict) else what, "127.0.0.1", 0, limits)
        self.port = int(self.server.url.rpartition(":")[2])
        self._thread = threading.Thread(target=self.server.run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the server does not end"

    def connect(self) -> RawConnection:
        """Return a new connection."""
        return RawConnection(self.port)

    def post(self, content: bytes, headers: Mapping[str, str] | None = None, path: str = "/hook") -> int:
        """Deliver over a new connection; return the status."""
        with self.connect() as line:
            return line.ask(request(content, headers, path))[0]


class RawConnection:
    """One raw connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def ask(self, raw: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send bytes; return status, headers and body of the answer."""
        self.send(raw)
        return self.answer()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return the next answer: status, headers, body."""
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, rest = got.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        while len(rest) < int(headers.get("content-length", "0")):
            rest += self._more()
        return int(first.split()[1]), headers, rest

    def rest(self) -> bytes:
        """Return all bytes until the other end closes, in whatever way."""
        got = b""
        try:
            while more := self.socket.recv(65_536):
                got += more
        except ConnectionError:
            pass
        return got

    def _more(self) -> bytes:
        more = self.socket.recv(65_536)
        assert more, "the connection was closed without an answer"
        return more


def asker(url):
    """Return a function that asks the address of health and metrics: status, headers, body."""

    def ask(path, method="GET"):
        connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
        connection.request(method, path)
        answer = connection.getresponse()
        got = answer.status, answer.headers, answer.read()
        connection.close()
        return got

    return ask


@contextlib.contextmanager
def watched(receiver, **limits):
    """Serve a receiver at /hook, and its health beside it; yield the port and a function that asks."""
    app = route_by_path({"/hook": receiver})
    server = ReceiverServer(app, "127.0.0.1", 0)
    state = Health([receiver], ReadinessLimits(**limits), server.is_stopping)
    with serve_admin(Admin("127.0.0.1:0"), state) as url:
        ask = asker(url)
        ask.loop = lambda: state._loop
        thread = threading.Thread(target=server.run, args=(state.start,))
        thread.start()
        wait_until(lambda: state._loop)
        try:
            yield int(server.url.rpartition(":")[2]), ask
        finally:
            server.stop()
            thread.join(30)


def deliver(port, number):
    with RawConnection(port) as line:
        assert line.ask(request(body(number)))[0] == 200
