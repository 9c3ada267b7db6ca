"""What happens on the wire while a command runs: progress of a listing, and a write that Ctrl-C cuts short."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.core.look_up import dig
from connector.core.response import Reply
from connector.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.request import Request

_HARMLESS = ("GET", "HEAD", "OPTIONS")


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


def count(reply: Reply, items: str | None) -> int:
    """Return how many items a reply brought; 0 when that cannot be read off it."""
    if items is None:
        return 0
    try:
        found = dig(json.loads(reply.body), items)
    except (ValueError, RecursionError):
        return 0
    return len(found) if isinstance(found, list) else 0
