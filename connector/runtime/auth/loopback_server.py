"""The listener of a sign-in on this machine: 127.0.0.1 only, one valid callback, five minutes.

RFC 8252 7.3: a loopback redirect with a port that the system chooses.
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
_POLL_INTERVAL = 0.5  # seconds: a Ctrl-C in the moment before a wait begins is seen only when that wait ends
CALLBACK_PATH = "/callback"
_SUCCESS_PAGE = (
    b"<!doctype html><meta charset=utf-8><title>Back</title><p>Back to the terminal. You can close this window.</p>"
)
_REFUSED_PAGE = b"<!doctype html><meta charset=utf-8><title>Not here</title><p>Nothing to see here.</p>"


class CallbackServer:
    """Waits for the callback of a sign-in; a context manager. `redirect_uri` is where to send the person back."""

    def __init__(self, port: int = 0) -> None:
        self._callbacks: queue.Queue[str] = queue.Queue()
        self._expected_state = ""
        self._callback_lock = threading.Lock()  # taken by the one callback that counts, and never freed
        try:
            self._server = _LoopbackHttpServer(("127.0.0.1", port), _build_handler(self))
        except OSError as error:
            message = f"Port {port} on 127.0.0.1 cannot be listened on: {error.strerror}."
            raise SignInError(message, hint="Choose another with --port, or use --no-browser.") from None
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_port}{CALLBACK_PATH}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def expect_state(self, state: str) -> None:
        """Say which state the callback must bring; others are answered and ignored."""
        self._expected_state = state

    def wait(self, seconds: float = CALLBACK_TIMEOUT) -> str:
        """Return the callback's URL. Raises SignInError when nobody comes back in time."""
        deadline = time.monotonic() + seconds
        while (remaining := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                return self._callbacks.get(timeout=min(remaining, _POLL_INTERVAL))
        message = f"Nobody came back within {seconds:g} s."
        raise SignInError(message, hint="Run it again, or with --no-browser.")

    def accept_callback(self, target: str, host: str) -> bool:
        """Take a callback if it is the one that is awaited; return whether it was."""
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
    request_queue_size = 128  # a browser opens lines that it may never use; with the default of 5 one could be refused

    def server_bind(self) -> None:
        """Bind, without asking who this machine is: a look-up that may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that hangs up is no error of ours."""


def _build_handler(callback_server: CallbackServer) -> type[BaseHTTPRequestHandler]:
    class CallbackHandler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            is_accepted = callback_server.accept_callback(self.path, self.headers.get("Host", ""))
            self._send_page(200 if is_accepted else 404, _SUCCESS_PAGE if is_accepted else _REFUSED_PAGE)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """Refuse a request; the base class would repeat it, and the code with it."""
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
