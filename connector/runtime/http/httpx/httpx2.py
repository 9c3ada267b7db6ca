"""httpx2, which goes on where httpx stopped: the same shapes, the system's own certificates (the extra `httpx2`)."""

from __future__ import annotations

import httpcore2

from connector.runtime.http.httpx.request import Library, bare
from connector.runtime.http.httpx.transport import AsyncSeam, Seam

LIBRARY = Library.of(httpcore2, bare("httpx2"))


class Httpx2(Seam):
    """The seam for threads, through httpx2."""

    _library = LIBRARY


class AsyncHttpx2(AsyncSeam):
    """The seam for tasks, through httpx2."""

    _library = LIBRARY
