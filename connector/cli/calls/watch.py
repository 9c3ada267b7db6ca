"""Observers of a command's calls: interrupted writes, long waits, pages of a listing."""

from __future__ import annotations

import sys
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.core.exchange.asks import SendRequest, Sleep, YieldPage
from connector.core.exchange.job import describe_start
from connector.core.response.api_errors import CHECK_BEFORE_RETRY, add_call_facts
from connector.core.response.outcomes import may_change_state
from connector.core.response.reply import Failure
from connector.errors import ConnectorError, TransportError
from connector.runtime.calls.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.cli.output.progress import ProgressBar
    from connector.core.exchange.asks import Ask
    from connector.core.request.builder import Request
    from connector.core.response.reply import Reply
    from connector.core.response.result import Result
    from connector.errors import Outcome
    from connector.runtime.calls.observer import ObservedCall

_OUTCOMES: tuple[Outcome, ...] = ("uncertain", "done", "rejected")  # the first that is known counts
_BEFORE_NEXT = " before the next request."
_MIN_NOTICE_SECONDS = 2.0  # shorter waits are not reported


class CommandObserver(Observer):
    """Tracks what has been sent and answered since `begin_call`, and reports long waits on a terminal."""

    def __init__(self, on_wait: Callable[[str], None]) -> None:
        self._on_wait = on_wait
        self._noticed_until = 0.0  # end of the last reported wait; concurrent waits are not reported
        self._pending_requests: dict[int, Request] = {}  # by the identity of the call
        self._outcomes: set[Outcome] = set()
        self._attempts = 0  # requests
        self._ended: Result | ConnectorError | None = None  # how the last call did
        self._job: Mapping[str, Any] | None = None  # the call that asks for the job that was started

    def begin_call(self) -> None:
        """Forget what came before: the outcome is that of the calls from here on."""
        self._pending_requests.clear()
        self._outcomes.clear()
        self._attempts, self._ended = 0, None
        self._job = None

    @property
    def outcome(self) -> Outcome:
        """What is known to have happened, at worst; a reply of success is `done`."""
        pending = [_judge_lost_reply(request) for request in self._pending_requests.copy().values()]
        known = self._outcomes.union(pending)
        for outcome in _OUTCOMES:
            if outcome in known:
                return outcome
        return "not_sent"

    def before(self, call: ObservedCall, ask: Ask) -> None:
        """Note a pending request, and report a long wait."""
        if isinstance(ask, SendRequest):
            self._attempts += 1
            self._pending_requests[id(call)] = ask.request
        elif isinstance(ask, Sleep):
            self._job = ask.job or self._job
            self._report_wait(ask)

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:  # noqa: ARG002
        """Note an answer; an interrupted request stays pending."""
        if isinstance(ask, SendRequest):
            self._pending_requests.pop(id(call), None)
            self._outcomes.add(_judge_answer(ask.request, answer))

    def end(self, call: ObservedCall, outcome: Result | BaseException) -> None:
        """Note how a call ended."""
        if call.interruption is not None:
            self._attempts = call.interruption.attempts
        if not isinstance(outcome, BaseException) or isinstance(outcome, ConnectorError):
            self._ended = outcome

    def complete_error(self, error: ConnectorError) -> None:
        """Add to an error that came after a call what is known of that call."""
        if error.outcome == "not_sent":
            error.outcome = self.outcome
        if self._ended is not None:
            add_call_facts(error, self._ended)

    def _report_wait(self, ask: Sleep) -> None:
        now, longest = time.monotonic(), ask.min_delay + ask.jitter
        if longest < _MIN_NOTICE_SECONDS or now < self._noticed_until or not sys.stderr.isatty():
            return
        self._noticed_until = now + longest
        told = f"The {ask.reason}. Asking again in" if ask.job is not None else "Waiting"
        self._on_wait(f"{told} {'up to ' if ask.jitter else ''}{longest:.0f} s{'.' if ask.job else _BEFORE_NEXT}")

    def build_interruption(self) -> TransportError:
        """Return the error of what was interrupted: a write, or the wait for a job, before any other request."""
        pending = sorted(self._pending_requests.copy().values(), key=may_change_state)
        request = pending[-1] if pending else None
        is_write = request is not None and may_change_state(request)
        message = "Interrupted."
        facts: dict[str, Any] = {"outcome": self.outcome}
        if not is_write and self._job is not None:
            job = dict(self._job)
            message = "Interrupted while the job was waited for."
            facts = {"outcome": "done", "job": job, "hint": describe_start(job)}
        elif request is not None:
            request_line = f"{request.method} {request.full_redactor.redact_url(request.path)}"
            message = f"{request_line}: interrupted before the reply arrived."
            facts = {"outcome": _judge_lost_reply(request), "hint": CHECK_BEFORE_RETRY if is_write else ""}
        return TransportError(message, kind="interrupted", attempts=self._attempts, **facts)


def _judge_lost_reply(request: Request) -> Outcome:
    return "uncertain" if may_change_state(request) else "rejected"


def _judge_answer(request: Request, answer: Reply | Failure) -> Outcome:
    """Return the outcome of a request by its status; the call itself knows better, and says so where it can."""
    if isinstance(answer, Failure):
        return "not_sent" if answer.sent == "nothing" else _judge_lost_reply(request)
    if answer.is_success:
        return "done"
    is_refusal = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_known = is_refusal and answer.status != HTTPStatus.REQUEST_TIMEOUT
    return "rejected" if is_known else _judge_lost_reply(request)


class PageProgress(Observer):
    """Advances a progress bar with each page of a listing."""

    def __init__(self, progress_bar: ProgressBar) -> None:
        self._progress_bar = progress_bar

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:  # noqa: ARG002
        """Count the items of a page."""
        if isinstance(ask, YieldPage):
            self._progress_bar.advance(len(call.extract_items(ask.result)))
