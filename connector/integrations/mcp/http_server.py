"""Serve over HTTP: to whoever has the token, under the server's own names alone."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from connector.core.url_policy import is_loopback_host
from connector.errors import UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    from mcp.server import Server

    from connector.runtime.client.async_client import AsyncClient

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

DEFAULT_ADDRESS = "127.0.0.1:8090"
PATH = "/mcp"
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_SHUTDOWN_SECONDS = 3
# It logs the headers of whoever connects, so that anybody could fill the log.
logging.getLogger("mcp.server.transport_security").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where the server listens, and the names that clients may call it by."""

    host: str
    port: int
    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, names: Iterable[str] = ()) -> ListenAddress:
        """Parse HOST:PORT. Raises UsageError."""
        try:
            parts = urlsplit(f"//{text}")
            host, port = parts.hostname, parts.port
            is_address = bool(host) and port is not None and parts.netloc == text and parts.username is None
        except ValueError:
            host, port, is_address = None, None, False
        if not is_address or host is None or port is None:
            raise UsageError(f"{text!r} is no address.", hint=f"Write HOST:PORT, such as {DEFAULT_ADDRESS}.")
        address = cls(host, port, tuple(names))
        if address.is_unspecified and not address.names:
            hint = "Add --allow-host with the name by which clients reach it."
            raise UsageError(f"At {text}, the server would have no name of its own.", hint=hint)
        return address

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback_host(self.host)

    @property
    def is_unspecified(self) -> bool:
        """Whether it stands for every address of this machine, so that no client calls the server by it."""
        try:
            return ipaddress.ip_address(self.host).is_unspecified
        except ValueError:
            return False

    def build_security(self) -> TransportSecuritySettings:
        """Return the names that requests and web pages may have, so that no other page reaches the server."""
        own = (f"[{self.host}]" if ":" in self.host else self.host,) if not self.is_unspecified else ()
        hosts = dict.fromkeys((*self.names, *own, *(_LOOPBACK_HOSTS if self.is_loopback else ())))
        return TransportSecuritySettings(
            allowed_hosts=[entry for host in hosts for entry in (host, f"{host}:*")],
            allowed_origins=[
                entry
                for host in hosts
                for scheme in ("http", "https")
                for entry in (f"{scheme}://{host}", f"{scheme}://{host}:*")
            ],
        )


class BearerCheck:
    """An ASGI application that passes on requests with the token; of the token, only its hash is kept."""

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._digest = _hash(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 401."""
        if scope["type"] == "http" and not self._is_allowed(scope):
            await _refuse(send)
        else:
            await self._app(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        values = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
        scheme, _, token = values[0].decode("latin-1").partition(" ") if len(values) == 1 else ("", "", "")
        return scheme.lower() == "bearer" and hmac.compare_digest(_hash(token.strip()), self._digest)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def _refuse(send: Send) -> None:
    headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send(
        {"type": "http.response.body", "body": b"The token that the server printed is needed as a bearer token."}
    )


class _Server(uvicorn.Server):
    """Calls `on_ready` when it accepts requests."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_ready`."""
        await super().startup(sockets)
        self._on_ready()


def serve_http(
    server: Server[Any], client: AsyncClient, address: ListenAddress, token: str, on_ready: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or Ctrl-C. Calls `on_ready` with the URL. Raises UsageError when the port is taken."""
    app = server.streamable_http_app(streamable_http_path=PATH, transport_security=address.build_security())
    config = uvicorn.Config(
        BearerCheck(app, token), log_config=None, access_log=False, server_header=False, proxy_headers=False, ws="none",
        lifespan="on", timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )  # fmt: skip
    with _listen(address) as listening:
        url_host = f"[{address.host}]" if ":" in address.host else address.host
        url = f"http://{url_host}:{listening.getsockname()[1]}{PATH}"
        asyncio.run(_serve(_Server(config, lambda: on_ready(url)), client, listening))


async def _serve(http_server: _Server, client: AsyncClient, listening: socket.socket) -> None:
    async with client:
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises its signal again when it has stopped
            await http_server.serve([listening])


def _listen(address: ListenAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        where = f"{address.host}:{address.port}"
        raise UsageError(f"The server cannot listen on {where}: {reason}.", hint="Use another port.") from None
