"""A transport that sends every request to a loopback server, and keeps the host that it was meant for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.runtime.http.transport import load_transport

if TYPE_CHECKING:
    from support.servers import Counting

    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential


class Rerouting:
    """Real bytes for hosts that a test cannot have; `urls` are those that were asked for, without queries."""

    def __init__(self, server: Counting) -> None:
        self.urls: list[str] = []
        self._server, self._transport = server, load_transport(None, asynchronous=False)

    def send(self, request: Request, credential: Credential, *more: Any) -> Any:
        self.urls.append(request.base_url + request.path.partition("?")[0])
        local_url = f"http://127.0.0.1:{self._server.port}{urlsplit(request.base_url).path}"
        return self._transport.send(replace(request, base_url=local_url), credential, *more)

    def close(self) -> None:
        self._transport.close()
