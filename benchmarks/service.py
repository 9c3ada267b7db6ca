"""The service that is measured against: a small HTTP server on loopback, in a process of its own.

It answers a meeting to every POST, and to every GET a page of 300 users. The base URL says how many pages there are
and how many milliseconds each answer waits: `http://127.0.0.1:PORT/100/0`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

from benchmarks import rounds

PAGE = 300
TOKEN = "a-token-of-no-service"
_USER = {
    "id": "KdYKjnimT4KPd8FFgQt9FQ", "first_name": "Ada", "last_name": "Byron", "display_name": "Ada Byron",
    "email": "ada@example.com", "type": 2, "status": "active", "role_id": "2", "timezone": "Europe/London",
    "dept": "Engines", "created_at": "2019-06-01T07:58:03Z", "last_login_time": "2026-01-02T08:09:10Z",
    "group_ids": ["4uQzU5RkQ0mgK7Zl6yVbGg"], "verified": 1, "pmi": 3542471135, "language": "en-US",
}  # fmt: skip


def meeting() -> bytes:
    """Return the reply to a POST: createMeeting's own example, 3 KB of JSON."""
    from connector import Connector

    return json.dumps(Connector.open().action("createMeeting").returns.example).encode()


def page(token: str) -> bytes:
    """Return a page of users that names the next."""
    users = [{**_USER, "email": f"user{number}@example.com"} for number in range(PAGE)]
    return json.dumps({"page_size": PAGE, "next_page_token": token, "users": users}).encode()


class JsonHandler(BaseHTTPRequestHandler):
    """What a service that counts its requests answers with, in threads of the benchmark's own process."""

    protocol_version = "HTTP/1.1"

    def say(self, status: int, data: dict[str, Any]) -> None:
        """Answer with JSON."""
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Answers(asyncio.Protocol):
    meeting = b""
    head, _, tail = b"", b"", b""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.answer(*head.split(b" ", 2)[:2])

    def answer(self, method: bytes, target: bytes) -> None:
        _, pages, delay, rest = target.decode().split("/", 3)
        if method == b"POST":
            body = self.meeting
        else:
            number = int(parse_qs(rest.partition("?")[2]).get("next_page_token", ["1"])[0])
            following = str(number + 1) if number < int(pages) else ""
            body = self.head + following.encode() + self.tail
        reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        asyncio.get_running_loop().call_later(int(delay) / 1000, self.transport.write, reply)


async def _serve(certificate: str) -> None:
    _Answers.meeting = meeting()
    _Answers.head, _, _Answers.tail = page("@").partition(b"@")
    loop = asyncio.get_running_loop()
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    plain = await loop.create_server(_Answers, "127.0.0.1", 0)
    secure = await loop.create_server(_Answers, "127.0.0.1", 0, ssl=context) if context else None
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure) if server]
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


class Service:
    """The server's process; `url()` and `secure_url()` are base URLs, `certificate` a file to trust or ""."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        self.certificate = _certificate(Path(self._folder.name))
        command = [sys.executable, "-m", "benchmarks.service", self.certificate]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=rounds.ROOT,
            env=rounds.surroundings(),
        )  # fmt: skip
        assert self._process.stdout is not None
        self._ports = json.loads(self._process.stdout.readline())
        return self

    def url(self, *, pages: int = 1, delay: int = 0) -> str:
        """Return a base URL: so many pages, each after so many milliseconds."""
        return f"http://127.0.0.1:{self._ports[0]}/{pages}/{delay}"

    def secure_url(self) -> str:
        """Return the base URL with TLS."""
        return f"https://localhost:{self._ports[1]}/1/0"

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._folder.cleanup()


def _certificate(folder: Path) -> str:
    """Make a certificate for localhost with the openssl command; "" where there is none."""
    if shutil.which("openssl") is None:
        return ""
    key, made, both = (folder / name for name in ("key.pem", "made.pem", "both.pem"))
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    ran = subprocess.run([*command, "-keyout", key, "-out", made], check=False, capture_output=True)
    if ran.returncode:
        return ""
    both.write_bytes(key.read_bytes() + made.read_bytes())
    return str(both)


if __name__ == "__main__":
    rounds.pinned(1)
    asyncio.run(_serve(sys.argv[1]))
