"""Observers of a call: see each ask before it is answered, and its answer."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any, Protocol

from connector.core.exchange import tracing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.exchange.asks import Ask
    from connector.core.exchange.plan import CompiledAction
    from connector.core.exchange.retry import RetryPolicy
    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.core.response.trace import Trace
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.interruption import Interruption

_log = logging.getLogger("connector.debug")


class ChosenOptions(Protocol):
    """The options of a call."""

    def chosen(self) -> Mapping[str, Any]:
        """Return those that are not at their default, by name."""
        ...


class ObservedCall(Protocol):
    """The parts of a call that an observer may read; `notes` is for what an observer keeps with the call."""

    compiled: CompiledAction
    request: Request
    credentials: Credentials | None
    given: Mapping[str, Any]
    retry_policy: RetryPolicy
    notes: dict[Any, Any]
    interruption: Interruption | None  # that ended it, such as Ctrl-C

    @property
    def action(self) -> str:
        """The action's key."""
        ...

    @property
    def options(self) -> ChosenOptions:
        """The options of the call."""
        ...

    @property
    def started_at(self) -> float:
        """When the call began, in epoch seconds."""
        ...

    def measure_elapsed(self) -> float:
        """Return the seconds since the call began."""
        ...

    def extract_items(self, result: Result) -> list[Any]:
        """Return the items of a page."""
        ...


class Observer:
    """Sees a call: its begin, every ask and its answer, and its end; a subclass overrides what it needs.

    `Client(observe=...)` takes one. Asks are `GetToken`, `AcquireSlot`, `SendRequest`, `Sleep` and `YieldPage` of
    `connector.core.exchange.asks`. The methods run in the threads, or the event loop, of the call, and must be quick.
    What they see has secrets: it must not be logged as it is.
    """

    def begin(self, call: ObservedCall) -> None:
        """See the begin of a call; an error that is raised here ends the call before anything is sent."""

    def before(self, call: ObservedCall, ask: Ask) -> None:
        """See an ask before it is answered; an error that is raised here ends the call before anything is sent."""

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:
        """See an answer; `times` are the epoch seconds of the ask and of the answer. A page has no answer.

        An error that is raised here does not end the call: it becomes a warning of the result.
        """

    def end(self, call: ObservedCall, outcome: Result | BaseException) -> None:
        """See the result of a call, or the error that ended it; of a listing that was closed early, its last page.

        An error that is raised here is logged, and changes nothing.
        """


class TraceObserver(Observer):
    """Records a call in its trace, and logs each entry; a failing log handler never fails the call."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:  # noqa: ARG002
        """Record an ask and its answer."""
        line = tracing.record(self.trace, ask, *times, answer)
        if line is not None:
            with contextlib.suppress(Exception):
                _log.info("%s", line)
