"""The observer that writes each call of a client into the log of runs."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import to_jsonable_python

from connector.core import redaction
from connector.core.exchange import tracing
from connector.core.exchange.asks import SendRequest, Sleep
from connector.core.response.outcomes import may_change_state
from connector.core.response.reply import Failure
from connector.core.response.trace import Trace
from connector.errors import ConnectorError
from connector.runtime.calls.observer import Observer
from connector.runtime.process.door import find_door
from connector.runtime.run_log.run import RUNNING, Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.exchange.asks import Ask
    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.fields import InputField
    from connector.runtime.calls.observer import ObservedCall

_MAX_TEXT = 2000  # characters of one text of the inputs
_MAX_INPUTS = 65_536  # characters of the inputs as JSON
_MAX_TRACE = 100  # entries
_PLAIN_TYPES = frozenset((str, int, bool))  # what is JSON data as it is
_OPTION_NAMES = ("account", "limit", "page_size", "timeout", "no_wait", "paginate", "items", "idempotency_key")


class WriteRun(Protocol):
    """Writes a run down, or what has become of it."""

    def __call__(self, run: Run, *, wait: bool = False) -> None:
        """Write it; with `wait`, return when that is done, or has failed. Raises nothing."""
        ...


class RunRecorder(Observer):
    """Writes the calls of one client into a log.

    A write is in the log before it is sent, so that one whose process died is found there. With `is_durable`, the
    request waits for that; else it is written a moment later. With `has_trace`, requests and replies are kept too. A
    log that fails, fails no call: it is told once.
    """

    def __init__(self, write: WriteRun, door: str, *, is_durable: bool = False, has_trace: bool = False) -> None:
        self._write = write
        self._door = door
        self._is_durable = is_durable
        self._has_trace = has_trace

    def begin(self, call: ObservedCall) -> None:
        """Begin the notes of a call."""
        trace = Trace() if self._has_trace else None
        call.notes[self] = _Notes(make_id(call.started_at), find_door(self._door), trace)

    def before(self, call: ObservedCall, ask: Ask) -> None:
        """Write a call down before it may change something."""
        if not isinstance(ask, SendRequest) or not may_change_state(ask.request):
            return
        notes = self._find_notes(call)
        if notes is None or notes.is_begun:
            return
        notes.is_begun = True
        self._write(Run(**self._describe(call, notes), outcome=RUNNING), wait=self._is_durable)

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:
        """Note what was sent, answered and waited for."""
        if not self._has_trace and not isinstance(ask, Sleep):
            return
        notes = self._find_notes(call)
        if notes is None:
            return
        if isinstance(ask, Sleep):
            notes.waited += times[1] - times[0]
        if notes.trace is not None and len(notes.trace.entries) < _MAX_TRACE:
            tracing.record(notes.trace, ask, *times, answer)

    def end(self, call: ObservedCall, outcome: Result | BaseException) -> None:
        """Write the end of a call down."""
        notes = self._find_notes(call)
        if notes is not None:
            attempts = _note_interruption(call, notes)
            facts = self._describe(call, notes) | _describe_outcome(outcome, attempts, call.request)
            self._write(Run(**facts, elapsed=round(call.measure_elapsed(), 6)))

    def _find_notes(self, call: ObservedCall) -> _Notes | None:
        """Return what was begun; None for a call that another observer ended before its begin was seen."""
        notes: _Notes | None = call.notes.get(self)
        return notes

    def _describe(self, call: ObservedCall, notes: _Notes) -> dict[str, Any]:
        """Return what is known of a run before its end."""
        if notes.facts is None:
            notes.facts = self._describe_call(call, notes)
        if notes.waited or notes.trace is not None:
            return notes.facts | {"waited": round(notes.waited, 3), "trace": _take_entries(notes)}
        return notes.facts

    def _describe_call(self, call: ObservedCall, notes: _Notes) -> dict[str, Any]:
        request, credentials = call.request, call.credentials
        path = request.path.partition("?")[0]
        plain = _take_open_inputs(call)
        redactor = request.full_redactor.narrow([path, plain])
        inputs, hidden = _show_inputs(call, plain, redactor)
        return {
            "id": notes.run_id,
            "connector": call.compiled.connector.name,
            "door": notes.door,
            "connection": (credentials.name or credentials.kind) if credentials is not None else "",
            "action": call.action,
            "request": f"{request.method} {redactor.redact_url(path, _MAX_TEXT)}",
            "is_write": may_change_state(request),
            "started_at": call.started_at,
            "process": _name_process(os.getpid()),
            "inputs": inputs,
            "hidden_inputs": hidden,
            "options": {name: value for name, value in call.options.chosen().items() if name in _OPTION_NAMES},
        }


class _Notes:
    """What the recorder keeps with a call."""

    __slots__ = ("door", "facts", "is_begun", "run_id", "trace", "waited")

    def __init__(self, run_id: str, door: str, trace: Trace | None) -> None:
        self.run_id, self.door, self.trace = run_id, door, trace
        self.waited, self.is_begun = 0.0, False
        self.facts: dict[str, Any] | None = None  # what is known of the run before its end


def _take_entries(notes: _Notes) -> tuple[dict[str, Any], ...]:
    return tuple(notes.trace.entries) if notes.trace is not None else ()


@lru_cache(maxsize=1)
def _name_process(pid: int) -> str:
    return f"{socket.gethostname()} {pid}"


def make_id(started_at: float) -> str:
    """Return an id that no other run has; ids sort by the time of the runs."""
    return f"{int(started_at * 1000):011x}{os.urandom(4).hex()}"


def _take_open_inputs(call: ObservedCall) -> dict[str, Any]:
    """Return the inputs, by the names that were given, but those that are secret or files, as JSON data."""
    fields, spellings = call.compiled.action.inputs, call.compiled.action.key_by_spelling
    plain: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in call.given.items():
        if _is_open(fields.get(spellings.get(name, name))):
            (plain if value is None or type(value) in _PLAIN_TYPES else rest)[name] = value
    if rest:
        plain |= to_jsonable_python(rest, fallback=redaction.describe_type, bytes_mode="base64")
    return plain


def _is_open(field: InputField | None) -> bool:
    return field is None or not (field.type == "file" or field.secret)


def _show_inputs(
    call: ObservedCall, plain: Mapping[str, Any], redactor: redaction.Redactor
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the inputs of a call without secrets, and the names of those that lack something."""
    fields, spellings = call.compiled.action.inputs, call.compiled.action.key_by_spelling
    shown: dict[str, Any] = {}
    hidden: list[str] = []
    size = 0
    for name, value in call.given.items():
        key = spellings.get(name, name)
        if name in plain:
            seen = redactor.redact_member(key, plain[name], _MAX_TEXT)
        else:
            seen = redaction.describe_type(value) if fields[key].type == "file" else redaction.MASK
        size += len(seen if isinstance(seen, str) else str(seen))
        if size > _MAX_INPUTS:
            seen = f"{redaction.describe_type(value)}, too large to keep"
        shown[key] = seen
        if name not in plain or seen != plain[name]:
            hidden.append(key)
    return shown, tuple(hidden)


def _note_interruption(call: ObservedCall, notes: _Notes) -> int:
    """Note the request whose reply was not awaited, and return the attempts of a call that was interrupted."""
    interruption = call.interruption
    if interruption is None:
        return 0
    has_room = notes.trace is not None and len(notes.trace.entries) < _MAX_TRACE
    if notes.trace is not None and has_room and interruption.ask is not None:
        lost = Failure("interrupted", "interrupted before the reply arrived")
        tracing.record(notes.trace, interruption.ask, *interruption.times, lost)
    return interruption.attempts


def _describe_outcome(outcome: Result | BaseException, attempts: int, request: Request) -> dict[str, Any]:
    """Return what came of a call; the attempts are those of one that was interrupted."""
    if isinstance(outcome, ConnectorError):
        code = getattr(outcome, "code", None)
        return {
            "outcome": outcome.outcome,
            "status": getattr(outcome, "status", None),
            "code": None if code is None else str(code),
            "request_id": getattr(outcome, "request_id", None),
            "error": type(outcome).__name__,
            "attempts": outcome.attempts,
            "message": str(outcome.args[0]),
            "hint": outcome.hint or "",
        }
    if isinstance(outcome, BaseException):
        word = "uncertain" if may_change_state(request) else "interrupted"
        return {"outcome": word, "error": type(outcome).__name__, "attempts": attempts}
    return {
        "outcome": outcome.outcome,
        "status": outcome.status,
        "request_id": outcome.request_id,
        "attempts": outcome.attempts,
        "warnings": tuple(outcome.warnings),
    }
