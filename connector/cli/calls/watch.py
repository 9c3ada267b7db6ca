"""What happens while a command runs: progress of a listing, waits that are long, a write that Ctrl-C cuts short."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at_path
from connector.core.response.parser import Reply
from connector.errors import TransportError
from connector.runtime.clock import SystemClock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from connector.core.request.builder import Request

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_MIN_NOTICE_SECONDS = 2.0  # seconds from which on a wait is told


class ObservedTransport:
    """An HTTP seam around another: it knows which request is under way, and tells each reply."""

    def __init__(self, inner: Any, on_reply: Callable[[Reply], None]) -> None:
        self._inner = inner
        self._on_reply = on_reply
        self.pending_request: Request | None = None

    def send(self, request: Request, credential: Any, deadline: float, sink: Any, cancel: Any) -> Any:
        """Send a request; one that an interrupt cuts short stays known as under way."""
        self.pending_request = request
        reply_or_failure = self._inner.send(request, credential, deadline, sink, cancel)
        self.pending_request = None
        if isinstance(reply_or_failure, Reply) and 200 <= reply_or_failure.status < 300:  # noqa: PLR2004  the range of success
            self._on_reply(reply_or_failure)
        return reply_or_failure

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def find_interrupted_write(self) -> TransportError | None:
        """Return the error of a write that was interrupted, or None when nothing can have changed."""
        request = self.pending_request
        if request is None or request.method in _SAFE_METHODS:
            return None
        request_line = f"{request.method} {request.full_redactor.redact_url(request.path)}"
        hint = "It may have been done: look before you repeat it."
        return TransportError(
            f"{request_line}: interrupted before the reply came.", kind="interrupted", hint=hint, outcome="uncertain"
        )


class NotifyingClock(SystemClock):
    """The machine's clock, which tells who looks at a terminal of a long wait: for a slot, or before a retry."""

    def __init__(self, on_wait: Callable[[str], None]) -> None:
        self._on_wait = on_wait
        self._noticed_until = 0.0  # the end of the wait that was told last: those beside it are not told, too

    def wait_or_stop(self, seconds: float, stop_event: threading.Event) -> None:
        """Wait, or until stopped."""
        now = self.monotonic()
        if seconds >= _MIN_NOTICE_SECONDS and now >= self._noticed_until and sys.stderr.isatty():
            self._noticed_until = now + seconds
            self._on_wait(f"Waiting {seconds:.0f} s before the next request.")
        super().wait_or_stop(seconds, stop_event)


def count_items(reply: Reply, items: str | None) -> int:
    """Return how many items a reply brought; 0 when that cannot be read off it."""
    if items is None:
        return 0
    try:
        page_items = get_at_path(json.loads(reply.body), items)
    except (ValueError, RecursionError):
        return 0
    return len(page_items) if isinstance(page_items, list) else 0
