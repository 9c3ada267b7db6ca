"""Calls of several steps: start a job, ask until it is done, then read its results; or send a file where a reply says.

A job is never started twice: what fails after the start is an error that is not worth repeating as it is. Its outcome
is `done`, for the start was, and it names the call that asks for the job. The request before a file only asks where
to send it, so what becomes of such a call is what became of the step that failed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from connector.core.durations import parse_duration
from connector.core.exchange import exchange
from connector.core.exchange.asks import Sleep
from connector.core.json_path import get_at_path, get_from_reply
from connector.core.response.api_errors import add_call_facts
from connector.core.response.outcomes import may_change_state
from connector.definition.replies.error_format import to_json_text
from connector.errors import ApiError, ConnectorError, DeadlineError, InputError, JobFailed
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from connector.core.exchange.asks import Answer, Ask, ExchangeOptions, Steps
    from connector.core.exchange.plan import CompiledAction
    from connector.core.exchange.upload import FileUpload
    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.replies.error_format import JsonScalar
    from connector.definition.replies.job import NextCall, Poll

DEFAULT_TIMEOUT = 1800.0  # seconds that a call waits for its job
_FIRST_WAIT = 0.125  # of `every`; each wait is twice the one before
_LAST_REQUEST_SECONDS = 1.0  # before the deadline, the job is asked for a last time
_MAX_SHOWN = 500  # characters of what a failed job says


@dataclass(frozen=True, slots=True)
class ReadyCall:
    """A call that can be run: its plan, request and options, and the inputs that may be shown."""

    plan: CompiledAction
    request: Request
    options: ExchangeOptions
    shown_inputs: Mapping[str, Any]
    file: FileUpload | None = None  # what is sent to the URL that its reply names


class PrepareNext(Protocol):
    """Prepares the call that follows, with the values that the reply before has. Raises ConnectorError."""

    def __call__(self, part: Literal["poll", "then"], found: Mapping[str, Any]) -> ReadyCall:
        """Return the call."""
        ...


def run_job(start: ReadyCall, prepare: PrepareNext, now: float, *, in_pages: bool = False) -> Steps:
    """Run a call of several steps; return the result of its last one, or page by page."""
    action, options = start.plan.action, start.options
    deadline = now + options.timeout
    now, started = yield from exchange.run_timed(start.plan, start.request, options, deadline, now)
    job = _Job(start, started)
    try:
        done = last = started
        if start.file is not None:
            now, last = yield from start.file.send((start.plan, start.request, options), started, deadline, now)
            job.note_reply(last)
        else:
            poll = prepare("poll", job.find_values(action.poll, started))
            job.call = _describe_call(poll)
            now, done = yield from _wait_until_done(job, poll, deadline, now)
            last = done
        if action.then is None:
            return job.finish(last)
        results = prepare("then", job.find_values(action.then, done))
        rest = replace(results.options, timeout=deadline - now)
        if results.plan.pagination is None:
            result = yield from exchange.run_call(results.plan, results.request, rest, deadline, now)
        elif in_pages:
            result = yield from exchange.stream_pages(results.plan, results.request, results.options, now)
        else:
            result = yield from exchange.collect_pages(results.plan, results.request, rest, now)
        return job.finish(result)
    except ConnectorError as error:
        raise job.explain(error) from None


def start_job(start: ReadyCall, prepare: PrepareNext, now: float) -> Steps:
    """Start a job and wait for nothing; the result names the call that asks for it, if the reply has what it takes."""
    options = start.options
    started = yield from exchange.run_single(start.plan, start.request, options, now + options.timeout, now)
    try:
        poll = prepare("poll", _Job(start, started).find_values(start.plan.action.poll, started))
    except ConnectorError:  # who waits is told; here the start is all that was asked for
        return started
    return replace(started, job=_describe_call(poll))


def _describe_call(poll: ReadyCall) -> dict[str, Any]:
    return {"action": poll.plan.action.action, "inputs": dict(poll.shown_inputs)}


def _wait_until_done(
    job: _Job, poll: ReadyCall, deadline: float, now: float
) -> Generator[Ask, Answer, tuple[float, Result]]:
    """Ask until the job is done; return the time, and the last reply. Raises JobFailed, DeadlineError."""
    words = job.start.plan.action.poll
    assert words is not None
    longest = parse_duration(words.every) or 1.0
    wait, state = longest * _FIRST_WAIT, "started"
    while True:
        spare = deadline - now - _LAST_REQUEST_SECONDS
        if spare <= 0:
            raise _build_deadline_error(job, state, now - deadline)
        wait = min(wait, spare)
        now, interruption = yield Sleep(wait, 0.0, f"job: {state}", job.call)
        if isinstance(interruption, ConnectorError):
            raise interruption
        now, reply = yield from exchange.run_timed(poll.plan, poll.request, poll.options, deadline, now)
        job.note_reply(reply)
        if _has_value(words.failed, reply.data):
            raise _build_failure(words, poll, reply)
        if _has_value(words.until, reply.data):
            return now, reply
        state = _describe_state(words, poll, reply.data)
        wait = min(wait * 2, longest)


@dataclass(slots=True)
class _Job:
    """A call of several steps: the reply to its start, the requests since, and the call that asks for a job."""

    start: ReadyCall
    started: Result
    attempts: int = 0
    call: Mapping[str, Any] | None = None
    last: Result | None = None  # reply since the start

    def note_reply(self, reply: Result) -> None:
        """Count a reply after the start."""
        self.attempts += reply.attempts
        self.last = reply

    def find_values(self, words: NextCall | None, reply: Result) -> dict[str, Any]:
        """Return the inputs of the next call that a reply has. Raises ApiError for one that it lacks."""
        assert words is not None
        values = {key: get_from_reply(reply.data, reply.headers.get, path) for key, path in words.inputs.items()}
        missing = [f"{words.inputs[key]} (for {key})" for key, value in values.items() if value is None]
        if missing:
            subject = "The file was sent" if self.start.file else "The job was started"
            message = f"{subject}, but a reply lacks {' and '.join(missing)}, so it cannot be followed."
            raise ApiError(message, status=reply.status, result=reply, request_id=reply.request_id)
        return values

    @property
    def noun(self) -> str:
        """What the call is of."""
        return "upload" if self.start.file else "job"

    def finish(self, result: Result) -> Result:
        """Return the result of the whole."""
        warnings = tuple(dict.fromkeys((*self.started.warnings, *result.warnings)))
        is_last_poll = self.start.plan.action.then is None
        attempts = self.started.attempts + self.attempts + (0 if is_last_poll else result.attempts)
        return replace(result, attempts=attempts, warnings=warnings, job=self.call)

    def explain(self, error: ConnectorError) -> ConnectorError:
        """Return an error after the start as that of the whole call."""
        if isinstance(error, InputError):
            problems = " ".join(map(str, error.problems))
            text = f"What the service said of the {self.noun} does not fit the next request: {problems}"
            last = self.last or self.started
            error = ApiError(text, status=last.status, request_id=last.request_id)
        error.attempts += self.started.attempts + self.attempts
        add_call_facts(error, self.last or self.started)
        error.job = dict(self.call) if self.call else None
        if self.start.file is not None:
            error.outcome = "rejected" if error.outcome == "not_sent" else error.outcome
            return error
        if not may_change_state(self.start.request):
            return error
        error.outcome, error.retryable = "done", False
        return error.with_hint(describe_start(self.call), first=True)


def describe_start(call: Mapping[str, Any] | None) -> str:
    """Return how to go on with a job that was started."""
    if call is None:
        return "The job was started: look for it at the service, and do not start it again."
    inputs = " ".join(f"{key}={value}" for key, value in call["inputs"].items())
    return f"The job was started, and goes on at the service: ask for it with {call['action']} {inputs}".rstrip() + "."


def _has_value(words: Mapping[str, list[JsonScalar]], data: Any) -> bool:
    return any(to_json_text(get_at_path(data, path)) in map(to_json_text, values) for path, values in words.items())


def _describe_state(words: Poll, poll: ReadyCall, data: Any) -> str:
    path = next(iter(words.until))
    value = get_at_path(data, path)
    return poll.request.full_redactor.redact_text(f"{path} is {to_json_text(value)}", _MAX_SHOWN)


def _build_failure(words: Poll, poll: ReadyCall, reply: Result) -> JobFailed:
    """Return the error of a job that failed, with what its reply says."""
    redactor = poll.request.full_redactor
    path = next(path for path, values in words.failed.items() if _has_value({path: values}, reply.data))
    code = get_at_path(reply.data, path)
    said = redactor.redact_text(poll.plan.parser.find_message(reply.data), _MAX_SHOWN)
    message = f"The job failed: {path} is {to_json_text(code)}{f', {said}' if said else ''}"
    result = replace(reply, data=redactor.redact_data(reply.data, _MAX_SHOWN), outcome="rejected")
    facts: dict[str, Any] = {"status": reply.status, "message": said, "request_id": reply.request_id, "result": result}
    return JobFailed(message, code=code if isinstance(code, str | int) else None, **facts)


def _build_deadline_error(job: _Job, state: str, overrun: float) -> DeadlineError:
    timeout = job.start.options.timeout
    message = f"The job is not done within {timeout:g} s: {state}."
    return DeadlineError(message, hint="Allow more time with timeout.", limit=timeout, elapsed=timeout + overrun)
