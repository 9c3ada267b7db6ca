"""httpx, the default."""

from __future__ import annotations

import httpcore

from connector.runtime.http.httpx.request import HttpLibrary, import_without_cli
from connector.runtime.http.httpx.transport import AsyncHttpcoreTransport, HttpcoreTransport

LIBRARY = HttpLibrary.create(httpcore, import_without_cli("httpx"))


class HttpxTransport(HttpcoreTransport):
    """The seam for threads, through httpx."""

    _library = LIBRARY


class AsyncHttpxTransport(AsyncHttpcoreTransport):
    """The seam for tasks, through httpx."""

    _library = LIBRARY
