"""Serve the sandbox over HTTP, on loopback only."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, Self

from connector.core.http_semantics import MAX_PORT
from connector.core.url_policy import is_loopback_host
from connector.errors import ConnectorError, UsageError
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.sandbox.http.host_check import HostCheck

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.http.responses import SandboxResponse
    from connector.sandbox.service import SandboxService

MAX_BODY_BYTES = 10 * 1024 * 1024
_IDLE_TIMEOUT = 60.0  # seconds

_MAX_LENGTH_DIGITS = 12


def serve(
    service: SandboxService,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    allowed_hosts: Iterable[str] = (),
    redirect_uris: Iterable[str] = (),
) -> SandboxServer:
    """Serve a sandbox service on loopback, from background threads; port 0 picks a free one.

    It answers to loopback addresses, localhost and `allowed_hosts`; a sign-in is sent back to this machine, or to one
    of `redirect_uris`. Raises UsageError for a host that is not loopback, and for a port that is invalid or in use.
    """
    if not is_loopback_host(host):
        hint = "Use 127.0.0.1: the sandbox accepts any credential, so it serves this machine only."
        raise UsageError(f"The sandbox does not listen on {host}.", hint=hint)
    if not 0 <= port <= MAX_PORT:
        raise UsageError(f"Invalid port {port}.", hint=f"Use a port from 0 (any free one) to {MAX_PORT}.")
    service.authorization_server.redirect_uris = frozenset(redirect_uris)
    try:
        return SandboxServer(service, host, port, HostCheck(allowed_hosts))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"The sandbox cannot listen on {host}:{port}: {reason}.", hint="Use another port.") from error


class SandboxServer:
    """A running server: `url` is the base URL for a client; `wait()` blocks until `shutdown()`."""

    def __init__(self, service: SandboxService, host: str, port: int, host_check: HostCheck) -> None:
        self._http = _HttpServer(service, host, port, host_check)
        self._authorization_server = service.authorization_server
        url_host = f"[{host}]" if ":" in host else host
        self.port: int = self._http.server_address[1]
        self._origin = f"http://{url_host}:{self.port}"
        self.url = self._origin + service.servers.base_path
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="connector-sandbox")
        self._thread.daemon = True
        self._thread.start()

    def build_oauth_inputs(self, kind: str = "oauth2") -> dict[str, Any]:
        """Return the inputs of a connection that gets its tokens here. Raises UsageError for an unknown kind."""
        return self._authorization_server.build_connection_inputs(kind, self._origin)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the server is shut down, for at most `timeout` seconds."""
        self._thread.join(timeout)

    def shutdown(self) -> None:
        """Stop listening and close every connection; may be called twice."""
        self._http.shutdown_event.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.close_connections()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, service: SandboxService, host: str, port: int, host_check: HostCheck) -> None:
        self.service, self.host_check = service, host_check
        self.shutdown_event = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = ForkSafeLock()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _HttpRequestHandler)

    def server_bind(self) -> None:
        """Bind without a DNS lookup, which may take seconds and leave the machine."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def register_connection(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def unregister_connection(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)

    def close_connections(self) -> None:
        """Close the connections that are still open."""
        with self._lock:
            for connection in self._connections:
                _shut_down_socket(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect; report other errors."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _HttpRequestHandler(BaseHTTPRequestHandler):
    server: _HttpServer  # pyright: ignore[reportIncompatibleVariableOverride]  narrower, as the base class allows
    server_version = "connector-sandbox"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_TIMEOUT
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.server.register_connection(self.connection)

    def finish(self) -> None:
        self.server.unregister_connection(self.connection)
        super().finish()

    def _handle_request(self) -> None:
        service = self.server.service
        problem = self.server.host_check.find_problem(self.command, self.path, self.headers.items())
        if problem is not None:
            self.close_connection = True  # its body is not read
            self._write_response(service.errors.build_server_error(problem.status, problem.message))
            return
        body = self._read_body()
        if body is None:
            return
        try:
            response = service.handle(self.command, self.path, self.headers.items(), body)
        except ConnectorError as error:
            response = service.errors.build_server_error(500, str(error))
        if response.delay:
            service.clock.wait_or_stop(response.delay, self.server.shutdown_event)
        try:
            if response.delivery == "sent":
                self._write_response(response)
            else:
                self.close_connection = True
                _shut_down_socket(self.connection)
        finally:  # a change has its events even when the client is gone
            service.emit_events(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle_request  # noqa: N815  names of the base class

    def _read_body(self) -> bytes | None:
        """Read the body; on a bad length respond with an error and return None."""
        length = self.headers.get("content-length") or "0"
        error = None
        if self.headers.get("transfer-encoding"):
            error = (411, "Send the body with a Content-Length.")
        elif not (length.isascii() and length.isdigit()):
            error = (400, "The Content-Length must be a number.")
        elif len(length) > _MAX_LENGTH_DIGITS or int(length) > MAX_BODY_BYTES:
            error = (413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
        if error:
            self.close_connection = True
            self._write_response(self.server.service.errors.build_server_error(*error))
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def handle_expect_100(self) -> bool:
        """Flush 100 Continue at once, so that the client sends its body."""
        should_continue = super().handle_expect_100()
        self.wfile.flush()
        return should_continue

    def _write_response(self, response: SandboxResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status != HTTPStatus.NO_CONTENT and self.command != "HEAD":  # neither has a body
            self.send_header("content-length", str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the client reports responses."""


def _shut_down_socket(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client may have closed it already
        connection.shutdown(socket.SHUT_RDWR)
