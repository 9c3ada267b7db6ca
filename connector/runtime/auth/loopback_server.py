"""The loopback server of a sign-in: accepts one valid callback on 127.0.0.1 within five minutes.

RFC 8252, 7.3: a loopback redirect to a port that the operating system chooses.
"""

from __future__ import annotations

import contextlib
import hmac
import queue
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from connector.errors import SignInError

CALLBACK_TIMEOUT = 300.0  # seconds
_POLL_INTERVAL = 0.5  # seconds; a Ctrl-C just before a wait is noticed only when that wait ends
CALLBACK_PATH = "/callback"
_SUCCESS_PAGE = (
    b"<!doctype html><meta charset=utf-8><title>Back</title>"
    b"<p>Go back to where you began: it says whether you are signed in. You can close this window.</p>"
)
_REFUSED_PAGE = b"<!doctype html><meta charset=utf-8><title>Not here</title><p>Nothing to see here.</p>"


class CallbackServer:
    """Waits for the callback of a sign-in; a context manager. `redirect_uri` is its address."""

    def __init__(self, port: int = 0) -> None:
        self._callbacks: queue.Queue[str] = queue.Queue()
        self._expected_state = ""
        self._callback_lock = threading.Lock()  # acquired by the first valid callback, and never released
        try:
            self._server = _LoopbackHttpServer(("127.0.0.1", port), _build_handler(self))
        except OSError as error:
            message = f"Cannot listen on port {port} of 127.0.0.1: {error.strerror}."
            raise SignInError(message, hint="Choose another with --port, or use --no-browser.") from None
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_port}{CALLBACK_PATH}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def expect_state(self, state: str) -> None:
        """Set the state that a callback must carry; other requests are answered and ignored."""
        self._expected_state = state

    def wait(self, seconds: float = CALLBACK_TIMEOUT) -> str:
        """Return the callback's URL. Raises SignInError if none arrives in time."""
        deadline = time.monotonic() + seconds
        while (remaining := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                return self._callbacks.get(timeout=min(remaining, _POLL_INTERVAL))
        message = f"Sign-in timed out after {seconds:g} s."
        raise SignInError(message, hint="Try again, or use --no-browser.")

    def accept_callback(self, target: str, host: str) -> bool:
        """Accept a request if it is the expected callback; return whether it was."""
        parts = urlsplit(target)
        state = parse_qs(parts.query).get("state", [""])[0]
        if parts.path != CALLBACK_PATH or host != urlsplit(self.redirect_uri).netloc:
            return False
        if not self._expected_state or not hmac.compare_digest(state.encode(), self._expected_state.encode()):
            return False
        if not self._callback_lock.acquire(blocking=False):
            return False
        self._callbacks.put(f"{self.redirect_uri}?{parts.query}")
        return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _LoopbackHttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = (
        128  # browsers open connections that they may never use; with the default of 5 one could be refused
    )

    def server_bind(self) -> None:
        """Bind without looking up the host name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the error: a browser that hangs up is not a failure here."""


def _build_handler(callback_server: CallbackServer) -> type[BaseHTTPRequestHandler]:
    class CallbackHandler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            is_accepted = callback_server.accept_callback(self.path, self.headers.get("Host", ""))
            self._send_page(200 if is_accepted else 404, _SUCCESS_PAGE if is_accepted else _REFUSED_PAGE)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
            """Reject a request; the base class would echo it, and the code with it."""
            self._send_page(code, _REFUSED_PAGE)

        def _send_page(self, status: int, page: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: the path holds the code."""

    return CallbackHandler
