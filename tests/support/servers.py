"""A loopback HTTP/1.1 server that records raw requests and misbehaves on demand, and a given clock."""

from __future__ import annotations

import gzip
import inspect
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    import ssl

Headers = Iterable[tuple[str, str]]
TOKEN = "eyJhbGciOi.canary-of-a-token/with+signs==.Zz9"  # of the connection that tests share; it must never show
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Recorded:
    """One received request: method, target, header lines in order, body."""

    method: str
    target: bytes
    lines: tuple[tuple[bytes, bytes], ...]
    body: bytes
    head: bytes

    @property
    def path(self) -> str:
        """The path of the target."""
        return self.target.decode("ascii").partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the query, decoded, in order."""
        return parse_qsl(self.target.decode("ascii").partition("?")[2], keep_blank_values=True, strict_parsing=False)

    def header(self, name: str) -> str | None:
        """The value of a header, or None; a repeated header fails the test."""
        found = self.all(name)
        assert len(found) < 2, f"{name} came {len(found)} times"
        return found[0] if found else None

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value.decode("latin-1") for key, value in self.lines if key.decode().lower() == name.lower()]

    def json(self) -> Any:
        """The body as JSON, whole numbers exact."""
        return json.loads(self.body)


@dataclass(slots=True)
class Line:
    """The server's end of one connection, to which a behaviour writes."""

    socket: socket.socket
    stop: threading.Event
    buffer: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes) -> None:
        """Send bytes; ignore a client that disconnected."""
        with suppress(OSError):
            self.socket.sendall(data)

    def pause(self, seconds: float) -> bool:
        """Wait; return True when the server is being closed."""
        return self.stop.wait(seconds)

    def take(self, count: int) -> bytes:
        """Read exactly so many bytes; fewer if the client disconnected."""
        while len(self.buffer) < count and self._more():
            pass
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def take_until(self, mark: bytes) -> bytes:
        """Read up to and including a mark; nothing if the client disconnected."""
        while mark not in self.buffer:
            if not self._more():
                return b""
        end = self.buffer.index(mark) + len(mark)
        data = bytes(self.buffer[:end])
        del self.buffer[:end]
        return data

    def _more(self) -> bool:
        try:
            data = self.socket.recv(_CHUNK)
        except OSError:
            return False
        self.buffer += data
        return bool(data)


Behaviour = Callable[[Line, Recorded], bool]  # returns whether the connection stays open
Script = Behaviour | Callable[[Recorded], Behaviour]


def head(status: int, headers: Headers) -> bytes:
    """The status line and headers of a reply, with the empty line."""
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def raw(data: bytes, *, stay: bool = False) -> Behaviour:
    """Send exactly these bytes."""

    def play(line: Line, _: Recorded) -> bool:
        line.write(data)
        return stay

    return play


def reply(status: int = 200, json_: Any = None, *, body: bytes | None = None, headers: Headers = ()) -> Behaviour:
    """A valid reply: JSON data, or a body with its own headers."""
    content = body if body is not None else b"" if json_ is None else json.dumps(json_).encode()
    typed = [("Content-Type", "application/json")] if body is None and json_ is not None else []
    sized = [] if status == 204 else [("Content-Length", str(len(content)))]
    return raw(head(status, [*typed, *sized, *headers]) + (b"" if status == 204 else content), stay=True)


def html(status: int = 200, text: str = "<html><title>Sign in</title></html>") -> Behaviour:
    """A web page instead of data."""
    return reply(status, body=text.encode(), headers=[("Content-Type", "text/html; charset=utf-8")])


def redirect(to: str, status: int = 302) -> Behaviour:
    """Redirect the client."""
    return reply(status, body=b"", headers=[("Location", to)])


def reset() -> Behaviour:
    """Read the request, then reset the connection."""

    def play(line: Line, _: Recorded) -> bool:
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return play


def hang_up() -> Behaviour:
    """Read the request, then close without a byte of reply."""
    return raw(b"")


def cut_length(content: bytes, *, keep: int, status: int = 200) -> Behaviour:
    """Announce the complete body, send its first `keep` bytes."""
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    return raw(head(status, headers) + content[:keep])


def cut_close(content: bytes, *, keep: int, status: int = 200) -> Behaviour:
    """A body that ends with the connection, ended too early."""
    return raw(head(status, [("Content-Type", "application/json"), ("Connection", "close")]) + content[:keep])


def cut_chunks(content: bytes, *, keep: int, status: int = 200) -> Behaviour:
    """A chunked body without its last chunk."""
    headers = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
    return raw(head(status, headers) + f"{keep:x}\r\n".encode() + content[:keep] + b"\r\n")


def trickle(before: bytes, data: bytes, *, every: float = 0.02, size: int = 1) -> Behaviour:
    """Send some bytes at once, then the rest in small pieces for as long as the client listens."""

    def play(line: Line, _: Recorded) -> bool:
        line.socket.sendall(before)
        for start in range(0, len(data), size):
            if line.pause(every):
                return False
            try:
                line.socket.sendall(data[start : start + size])
            except OSError:
                return False
        return False

    return play


def trickle_headers(every: float = 0.02) -> Behaviour:
    """A header that never ends."""
    return trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a" * 100_000, every=every)


def trickle_body(every: float = 0.02, *, size: int = 1) -> Behaviour:
    """A body that never ends."""
    headers = [("Content-Type", "application/json"), ("Content-Length", "100000000")]
    return trickle(head(200, headers), b" " * 20_000_000, every=every, size=size)


def silence() -> Behaviour:
    """Send nothing until the client disconnects."""

    def play(line: Line, _: Recorded) -> bool:
        line.take(1)
        return False

    return play


def held(gate: threading.Event, then: Behaviour) -> Behaviour:
    """Reply once a gate is open."""

    def play(line: Line, request: Recorded) -> bool:
        while not gate.wait(0.005):
            if line.stop.is_set():
                return False
        return then(line, request)

    return play


def compressed(content: bytes, coding: str = "gzip", *, times: int = 1) -> Behaviour:
    """A compressed body: JSON's content type, `times` layers of gzip."""
    for _ in range(times):
        content = gzip.compress(content, 9)
    headers = [("Content-Type", "application/json"), ("Content-Encoding", ", ".join([coding] * times))]
    return reply(body=content, headers=headers)


def bomb(megabytes: int, *, times: int = 1) -> Behaviour:
    """A small gzip body that grows to so many megabytes."""
    return compressed(b" " * (megabytes << 20), times=times)


def wrong_coding() -> Behaviour:
    """Plain bytes that claim to be gzip."""
    return reply(body=b'{"a": 1}', headers=[("Content-Type", "application/json"), ("Content-Encoding", "gzip")])


def garbage() -> Behaviour:
    """Bytes that are not HTTP."""
    return raw(b"\x16\x03\x01\x02\x00 this is not HTTP\r\n\r\n\x00\xff")


def no_content_with_body(late: bytes = b'{"late": true}') -> Behaviour:
    """A 204 with a body, on a connection that stays open."""
    return raw(head(204, [("Content-Length", str(len(late)))]) + late, stay=True)


def two_lengths() -> Behaviour:
    """Two different Content-Length headers."""
    return raw(head(200, [("Content-Length", "2"), ("Content-Length", "9")]) + b"{}")


def huge_header(size: int = 1 << 20) -> Behaviour:
    """A header above the size limit."""
    return raw(head(200, [("X-Huge", "a" * size), ("Content-Length", "2")]) + b"{}")


class Counting:
    """Listens on loopback; records every request; plays its script, then its standing answer.

    `then` adds behaviours that are played once each, in order. `always` is the standing answer: a behaviour, or a
    function from a request to one. `greeting` is said before anything is read. `url` is the base URL to give as base_url.
    """

    def __init__(
        self, always: Script | None = None, *, port: int = 0, tls: ssl.SSLContext | None = None, greeting: bytes = b""
    ) -> None:
        self.requests: list[Recorded] = []
        self.connections = 0
        self._always: Script = always or reply(json_={})
        self._once: list[Behaviour] = []
        self._tls = tls
        self._greeting = greeting
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self._listening.getsockname()[1]
        self._begin(self._accept)

    @property
    def url(self) -> str:
        """The base URL of a client."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v2"

    @property
    def last(self) -> Recorded:
        """The newest request."""
        return self.requests[-1]

    @property
    def count(self) -> int:
        """The number of requests."""
        return len(self.requests)

    @property
    def live(self) -> int:
        """The number of open connections."""
        return sum(thread.is_alive() for thread in self._threads[1:])

    def then(self, *behaviours: Behaviour) -> Self:
        """Play these once, in order, before the standing answer."""
        self._once += behaviours
        return self

    def always(self, answer: Script) -> Self:
        """Replace the standing answer."""
        self._always = answer
        return self

    def _begin(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, name="counting-server")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listening.accept()
            except OSError:
                return
            with self._lock:
                if self._stop.is_set():
                    accepted.close()
                    return
                self.connections += 1
                self._open.add(accepted)
            self._begin(self._serve, accepted)

    def _serve(self, accepted: socket.socket) -> None:
        wrapped = accepted
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                wrapped = self._tls.wrap_socket(accepted, server_side=True)
                with self._lock:
                    self._open.add(wrapped)
            line = Line(wrapped, self._stop)
            line.write(self._greeting)
            while (request := _read(line)) is not None and self._play(line, request):
                pass
        except OSError:
            pass
        finally:
            with self._lock:
                self._open -= {accepted, wrapped}
            wrapped.close()
            accepted.close()

    def _play(self, line: Line, request: Recorded) -> bool:
        with self._lock:
            self.requests.append(request)
            behaviour = self._once.pop(0) if self._once else None
            standing = self._always
        if behaviour is None:
            behaviour = standing(request) if _is_choice(standing) else standing
        return behaviour(line, request)

    def close(self) -> None:
        """Stop listening, end every connection, and wait for the threads."""
        self._stop.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive(), "a server thread did not end"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_choice(answer: Script) -> bool:
    """Whether a standing answer takes the request alone and returns a behaviour."""
    return len(inspect.signature(answer).parameters) == 1


def _read(line: Line) -> Recorded | None:
    top = line.take_until(b"\r\n\r\n")
    if not top:
        return None
    first, *rest = top[:-4].split(b"\r\n")
    method, target, _ = first.split(b" ", 2)
    pairs = [one.partition(b":") for one in rest]
    lines = tuple((name, value.strip()) for name, _, value in pairs)
    return Recorded(method.decode(), target, lines, _body(line, {name.lower(): value for name, value in lines}), top)


def _body(line: Line, headers: dict[bytes, bytes]) -> bytes:
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        parts = []
        while (size := int(line.take_until(b"\r\n") or b"0", 16)) > 0:
            parts.append(line.take(size + 2)[:-2])
        line.take(2)
        return b"".join(parts)
    return line.take(int(headers.get(b"content-length", b"0")))


def free_port() -> int:
    """A port of loopback on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as held_:
        return int(held_.getsockname()[1])


class GivenClock:
    """A clock that moves only when somebody waits on it; `waits` records the seconds of each wait."""

    def __init__(self, start: float = 1_800_000_000.0, *, jitter: float = 0.0) -> None:
        self.start = start
        self.passed = 0.0
        self.drawn = jitter
        self.waits: list[float] = []
        self.on_wait: Callable[[float], None] | None = None

    def time(self) -> float:
        """Epoch seconds."""
        return self.start + self.passed

    def monotonic(self) -> float:
        """Monotonic seconds."""
        return self.passed

    def jitter(self) -> float:
        """The constant jitter."""
        return self.drawn

    def wait_or_stop(self, seconds: float, stop_event: threading.Event) -> None:
        """Let the time pass at once."""
        self._pass(seconds)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self._pass(seconds)

    def _pass(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.passed += seconds
        if self.on_wait is not None:
            self.on_wait(seconds)
