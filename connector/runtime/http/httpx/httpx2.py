"""httpx2, which goes on where httpx stopped: the same shapes, the system's own certificates (the extra `httpx2`)."""

from __future__ import annotations

import httpcore2

from connector.runtime.http.httpx.request import HttpLibrary, import_without_cli
from connector.runtime.http.httpx.transport import AsyncHttpcoreTransport, HttpcoreTransport

LIBRARY = HttpLibrary.create(httpcore2, import_without_cli("httpx2"))


class Httpx2Transport(HttpcoreTransport):
    """The seam for threads, through httpx2."""

    _library = LIBRARY


class AsyncHttpx2Transport(AsyncHttpcoreTransport):
    """The seam for tasks, through httpx2."""

    _library = LIBRARY
