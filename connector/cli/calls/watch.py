"""Observers of a command's calls: interrupted writes, long waits, pages of a listing."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from connector.core.exchange.asks import SendRequest, Sleep, YieldPage
from connector.core.response.api_errors import CHECK_BEFORE_RETRY
from connector.core.response.outcomes import may_change_state
from connector.errors import TransportError
from connector.runtime.calls.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.cli.output.progress import ProgressBar
    from connector.core.exchange.asks import Ask
    from connector.core.request.builder import Request
    from connector.runtime.calls.observer import ObservedCall

_MIN_NOTICE_SECONDS = 2.0  # shorter waits are not reported


class CommandObserver(Observer):
    """Tracks the pending request, and reports long waits on a terminal."""

    def __init__(self, on_wait: Callable[[str], None]) -> None:
        self._on_wait = on_wait
        self._noticed_until = 0.0  # end of the last reported wait; concurrent waits are not reported
        self._pending_request: Request | None = None

    def before(self, call: ObservedCall, ask: Ask) -> None:  # noqa: ARG002  the base class's signature
        """Note a pending request, and report a long wait."""
        if isinstance(ask, SendRequest):
            self._pending_request = ask.request
        elif isinstance(ask, Sleep):
            self._report_wait(ask)

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:  # noqa: ARG002
        """Clear the pending request; an interrupted one stays pending."""
        if isinstance(ask, SendRequest):
            self._pending_request = None

    def _report_wait(self, ask: Sleep) -> None:
        now, longest = time.monotonic(), ask.min_delay + ask.jitter
        if longest < _MIN_NOTICE_SECONDS or now < self._noticed_until or not sys.stderr.isatty():
            return
        self._noticed_until = now + longest
        self._on_wait(f"Waiting {'up to ' if ask.jitter else ''}{longest:.0f} s before the next request.")

    def find_interrupted_write(self) -> TransportError | None:
        """Return the error of an interrupted write, or None if nothing can have changed."""
        request = self._pending_request
        if request is None or not may_change_state(request):
            return None
        request_line = f"{request.method} {request.full_redactor.redact_url(request.path)}"
        message = f"{request_line}: interrupted before the reply arrived."
        return TransportError(message, kind="interrupted", hint=CHECK_BEFORE_RETRY, outcome="uncertain")


class PageProgress(Observer):
    """Advances a progress bar with each page of a listing."""

    def __init__(self, progress_bar: ProgressBar) -> None:
        self._progress_bar = progress_bar

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:  # noqa: ARG002
        """Count the items of a page."""
        if isinstance(ask, YieldPage):
            self._progress_bar.advance(len(call.extract_items(ask.result)))
