"""What happens while a command runs: progress of a listing, waits that are long, a write that Ctrl-C cuts short."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from connector.core.json_path import dig
from connector.core.response.parser import Reply
from connector.errors import TransportError
from connector.runtime.clock import SystemClock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from connector.core.request.builder import Request

_HARMLESS = ("GET", "HEAD", "OPTIONS")
_LONG = 2.0  # seconds from which on a wait is told


class Watched:
    """An HTTP seam around another: it knows which request is under way, and tells each reply."""

    def __init__(self, inner: Any, told: Callable[[Reply], None]) -> None:
        self._inner = inner
        self._told = told
        self.under_way: Request | None = None

    def send(self, request: Request, token: Any, until: float, sink: Any, stop: Any) -> Any:
        """Send a request; one that an interrupt cuts short stays known as under way."""
        self.under_way = request
        got = self._inner.send(request, token, until, sink, stop)
        self.under_way = None
        if isinstance(got, Reply) and 200 <= got.status < 300:  # noqa: PLR2004  the range of success
            self._told(got)
        return got

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def interrupted(self) -> TransportError | None:
        """Return the error of a write that was interrupted, or None when nothing can have changed."""
        request = self.under_way
        if request is None or request.method in _HARMLESS:
            return None
        where = f"{request.method} {request.safe.url(request.path)}"
        hint = "It may have been done: look before you repeat it."
        return TransportError(
            f"{where}: interrupted before the reply came.", kind="interrupted", hint=hint, outcome="uncertain"
        )


class TellingClock(SystemClock):
    """The machine's clock, which tells who looks at a terminal of a long wait: for a slot, or before a retry."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._until = 0.0  # the end of the wait that was told last: those beside it are not told, too

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Wait, or until stopped."""
        now = self.monotonic()
        if seconds >= _LONG and now >= self._until and sys.stderr.isatty():
            self._until = now + seconds
            self._told(f"Waiting {seconds:.0f} s before the next request.")
        super().wait(seconds, stop)


def count(reply: Reply, items: str | None) -> int:
    """Return how many items a reply brought; 0 when that cannot be read off it."""
    if items is None:
        return 0
    try:
        found = dig(json.loads(reply.body), items)
    except (ValueError, RecursionError):
        return 0
    return len(found) if isinstance(found, list) else 0
