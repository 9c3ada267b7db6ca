"""httpx, the default."""

from __future__ import annotations

import httpcore

from connector.runtime.http.httpx.request import Library, bare
from connector.runtime.http.httpx.transport import AsyncSeam, Seam

LIBRARY = Library.of(httpcore, bare("httpx"))


class Httpx(Seam):
    """The seam for threads, through httpx."""

    _library = LIBRARY


class AsyncHttpx(AsyncSeam):
    """The seam for tasks, through httpx."""

    _library = LIBRARY
