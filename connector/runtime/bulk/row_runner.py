"""Run an action for one row, and let a journal record it just before its first request that may change something."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from connector.core.exchange.asks import SendRequest
from connector.core.response.api_errors import CHECK_BEFORE_RETRY
from connector.core.response.outcomes import is_write, may_change_state
from connector.errors import ConnectorError, NotFound, SignInError, StoreError, UsageError, from_dict
from connector.runtime.bulk.row_result import RowResult, build_deleted_row, build_result_row, interrupted_result
from connector.runtime.calls.observer import Observer

if TYPE_CHECKING:
    from connector.core.exchange.asks import Ask
    from connector.core.response.result import Result
    from connector.errors import Outcome
    from connector.runtime.bulk.row_reader import Row
    from connector.runtime.calls.call_options import CallOptions
    from connector.runtime.calls.caller import Caller
    from connector.runtime.calls.observer import ObservedCall

_FATAL_ERRORS = (SignInError, StoreError, UsageError)  # every later row would meet these too


class RecordStart(Protocol):
    """Records durably that a row is about to be sent. Raises ConnectorError; then it is not sent."""

    def __call__(self, number: int, line: int, key: str | None, /, *, may_resend: bool) -> None:
        """Record it; `key` is its idempotency key, `may_resend` whether sending it twice is safe."""
        ...


class RowRunner:
    """Runs an action for single rows; `in_flight` has those in progress that are not safe to send twice."""

    def __init__(self, client: Caller, action: str, options: CallOptions, record_start: RecordStart | None) -> None:
        self._client, self._action = client, client.connector.action(action)
        self._options, self._record_start = options, record_start
        self.in_flight: dict[int, Row] = {}

    def run(
        self, row: Row, key: str | None = None, *, is_resend: bool = False, sent_at: float | None = None
    ) -> RowResult:
        """Return the result of a row, whatever happens; the caller records it and removes it from `in_flight`.

        `key` is the idempotency key that it was started with before, at `sent_at` in epoch seconds; `is_resend` if it
        may have been sent before.
        """
        if is_resend and key and not self._is_remembered(sent_at or 0.0):
            data = interrupted_result(row.number, row.line)
            return RowResult(data, from_dict(data["error"]))
        hook = _StartHook(self._record_start, row, self.in_flight)
        try:
            result = self._execute(row, key, hook)
        except ConnectorError as error:
            if is_resend and self._action.method == "DELETE" and isinstance(error, NotFound):
                return RowResult(build_deleted_row(row, error))
            is_fatal = isinstance(error, _FATAL_ERRORS)
            is_pending = is_fatal and error.outcome not in ("uncertain", "done")
            return _build_failure(row, error, is_fatal=is_fatal, is_pending=is_pending, is_recorded=hook.is_recorded)
        except Exception as error:  # noqa: BLE001  a row that was sent has an outcome, whatever breaks
            return _build_failure(row, hook.to_row_error(error), is_fatal=True, is_recorded=hook.is_recorded)
        return RowResult(build_result_row(row, result))

    def _is_remembered(self, sent_at: float) -> bool:
        """Whether the service still knows the key of a row, so that it would not do it twice."""
        settings = self._client.connector.manifest.idempotency
        return settings is not None and settings.is_remembered(sent_at, time.time())

    def _execute(self, row: Row, key: str | None, hook: _StartHook) -> Result:
        if row.error is not None:
            raise row.error
        options = replace(self._options, observers=(hook,))
        if key:
            options = replace(options, idempotency_key=key)
        return self._client.execute(self._action.action, row.given, options)


def _build_failure(
    row: Row, error: ConnectorError, *, is_fatal: bool, is_recorded: bool, is_pending: bool = False
) -> RowResult:
    data = {"row": row.number, "line": row.line, "outcome": error.outcome, "attempts": error.attempts}
    return RowResult(
        {**data, "error": error.to_dict()}, error, is_fatal=is_fatal, is_pending=is_pending, is_recorded=is_recorded
    )


class _StartHook(Observer):
    """Records the start of a row in the journal, just before its first request that may change something."""

    def __init__(self, record_start: RecordStart | None, row: Row, in_flight: dict[int, Row]) -> None:
        self._record_start, self._row, self._in_flight = record_start, row, in_flight
        self.is_recorded = self._is_sent = False

    def to_row_error(self, error: Exception) -> ConnectorError:
        """Return the error of a row that something unexpected ended, such as a mistake in a program's own transport."""
        outcome: Outcome = "uncertain" if self.is_recorded else "rejected" if self._is_sent else "not_sent"
        hint = CHECK_BEFORE_RETRY if self.is_recorded else ""
        message = f"The row was ended by an unexpected {type(error).__name__}."
        return ConnectorError(message, outcome=outcome, hint=hint)

    def before(self, call: ObservedCall, ask: Ask) -> None:
        """Record the start. Raises StoreError; then the request is not sent."""
        self._is_sent = self._is_sent or type(ask) is SendRequest
        if type(ask) is not SendRequest or self.is_recorded or not may_change_state(ask.request):
            return
        key = call.retry_policy.idempotency_key
        may_resend = key is not None or not is_write(call.compiled.action, ask.request)
        if self._record_start is not None:
            self._record_start(self._row.number, self._row.line, key, may_resend=may_resend)
        if not may_resend:
            self._in_flight[self._row.number] = self._row
        self.is_recorded = True
