"""The resource that ops and assets call actions with, and what Dagster is told of a result or an error."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NoReturn

import dagster as dg
from pydantic import Field

from connector.errors import ConnectorError
from connector.integrations.dagster.step_calls import count_call
from connector.integrations.work import MAX_ATTEMPTS, list_once, may_repeat_blindly, run_once, seconds_until_retry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.response.result import Result
    from connector.integrations.dagster.step_calls import Context

LONGEST_WAIT = 3_600.0  # seconds: a run that waits holds its process, and its place among those that may run at a time
_ERROR_FACTS = ("type", "outcome", "status", "code", "request_id", "retry_at", "hint")


class ConnectorResource(dg.ConfigurableResource[Any]):
    """A connector for ops and assets. Its settings hold no secret: `connection` is the name of a stored connection.

    `folder` is the connector's (default: the bundled one), `timeout` that of one attempt, such as "20s"; `attempts` the
    most that are made of a step, `longest_wait` the seconds that one may have to wait for the next.
    """

    connection: str | None = None
    folder: str | None = None
    timeout: str | None = None
    attempts: int = Field(default=MAX_ATTEMPTS, ge=1)
    longest_wait: float = Field(default=LONGEST_WAIT, ge=0)

    def run(self, context: Context, action: str, given: Mapping[str, Any] | None = None) -> Result:
        """Run an action in one attempt; the step is attempted again when the service accepts calls.

        The id of the run, the step and the number of the call within it are the idempotency key where the service
        takes one. A write that may have been done is never repeated. Raises Dagster's RetryRequested or Failure.
        """
        call = count_call(context, action)
        try:
            is_repeatable = may_repeat_blindly(action, given, connection=self.connection, folder=self.folder)
            with nullcontext() if call is None or is_repeatable else call.send_once():
                return run_once(
                    action,
                    given,
                    connection=self.connection,
                    folder=self.folder,
                    timeout=self.timeout,
                    key=None if call is None else call.key,
                )
        except ConnectorError as error:
            retry_or_fail(error, attempts=self.attempts, longest_wait=self.longest_wait)

    def read_list(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Result:
        """Run an action that returns a list; the data of the result are all items, at most `limit`.

        `complete` says whether nothing is left; `timeout` is for each page. Raises as `run`.
        """
        options = {"connection": self.connection, "folder": self.folder, "timeout": self.timeout}
        try:
            return list_once(action, given, limit=limit, page_size=page_size, **options)
        except ConnectorError as error:
            retry_or_fail(error, attempts=self.attempts, longest_wait=self.longest_wait)


def retry_or_fail(
    error: ConnectorError, *, attempts: int = MAX_ATTEMPTS, longest_wait: float = LONGEST_WAIT
) -> NoReturn:
    """Let Dagster attempt the step under way again when its error says; else fail it, whatever its retry policy.

    Raises Dagster's RetryRequested or Failure, with the facts of the error as metadata.
    """
    failure, seconds = build_failure(error), seconds_until_retry(error)
    if seconds is None or seconds > longest_wait:
        raise failure from None
    # Dagster fails a step that has no attempt left with the metadata of the cause.
    raise dg.RetryRequested(max_retries=attempts - 1, seconds_to_wait=seconds) from failure


def build_failure(error: ConnectorError) -> dg.Failure:
    """Return the failure of a step: the error's text, its facts one by one, and all of them as JSON in `error`."""
    data = error.to_dict()
    facts = {name: data[name] for name in _ERROR_FACTS if data.get(name) is not None}
    metadata = {**facts, "retryable": error.retryable, "error": dg.MetadataValue.json(data)}
    return dg.Failure(description=str(error), metadata=metadata, allow_retries=False)


def describe_metadata(context: Context, result: Result) -> dict[str, Any]:
    """Return what Dagster shows of a result beside its data."""
    metadata: dict[str, Any] = {
        "status": result.status,
        "outcome": result.outcome,
        "attempts": context.op_execution_context.retry_number + 1,
        "request_id": result.request_id,
        "warnings": list(result.warnings) or None,
    }
    if isinstance(result.data, list):
        metadata |= {"items": len(result.data), "complete": result.complete, "pages": result.pages}
    return {name: value for name, value in metadata.items() if value is not None}
