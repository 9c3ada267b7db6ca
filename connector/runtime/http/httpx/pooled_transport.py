"""What the transports of threads and of tasks share: a pool of connections, and the origins that they go to."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from connector.runtime.http import network_guard
from connector.runtime.http.connection_pool import Pool
from connector.runtime.http.httpx.request import HttpOrigin, load_library
from connector.runtime.http.httpx.sync_network import PooledConnection
from connector.runtime.http.idle_connections import MAX_IDLE_SECONDS
from connector.runtime.http.proxies import NetworkSettingError

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.request.credential import ClientCertificate, Credential
    from connector.runtime.http.request_state import RequestState


class PooledTransport:
    """Shared by threads and tasks: the connection pool and the parsed origins of this process."""

    def __init__(self, name: str) -> None:
        self._library = load_library(name)
        self._reset()

    def _reset(self) -> None:
        self._pool = Pool()
        self._origins: dict[tuple[str, ClientCertificate | None], HttpOrigin] = {}
        self._pid = os.getpid()

    def _resolve_origin(self, request: Request, credential: Credential, state: RequestState) -> HttpOrigin:
        """Return the origin of a request.

        Raises NetworkSettingError, also for a host that a test refuses, and the library's errors for an invalid URL.
        """
        network_guard.check_base_url(request.base_url)
        key = request.base_url, credential.certificate
        origin = self._origins.get(key)
        if origin is None:
            origin = self._origins[key] = HttpOrigin.parse(self._library, *key)
        state.proxy = origin.proxy
        if (
            origin.proxy is not None
            and not origin.uses_tls
            and (credential.headers or credential.query or credential.body)
        ):
            raise NetworkSettingError("proxy", "credentials are never sent unencrypted to a proxy")
        return origin

    def _take_connection(
        self, idle: PooledConnection | None, origin: HttpOrigin, state: RequestState
    ) -> PooledConnection:
        """Return the idle connection of an origin if it is alive, else one that is not open yet."""
        if idle is not None:
            if _is_alive(idle, state):
                return idle
            idle.close()
        return PooledConnection(origin.name, origin.host if origin.uses_tls else None, state)

    def _release(self, connection: PooledConnection | None, state: RequestState, *, reusable: bool) -> None:
        """End the use of a connection, and close the files of its request."""
        if connection is not None and reusable:
            self._pool.release(connection)
        elif connection is not None:
            connection.close()
            self._pool.discard(connection.origin, connection)
        state.close_files()


def _is_alive(connection: PooledConnection, state: RequestState) -> bool:
    """Whether an idle connection is recent, and the server has not closed it."""
    connection.request_state = state
    return time.monotonic() - connection.idle_since < MAX_IDLE_SECONDS and not connection.stream.is_readable()
