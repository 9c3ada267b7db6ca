"""Temporal: an action as an activity that the server repeats when the service accepts it again.

Give `ConnectorPlugin()` to the workers, and await `run_action` in workflows; it needs the extra `temporal`.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from temporalio import activity, workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError
from temporalio.exceptions import TimeoutError as TimeoutFailure
from temporalio.plugin import SimplePlugin
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from connector import errors
from connector.core.response.api_errors import CHECK_BEFORE_RETRY
from connector.errors import ConnectorError, InputError, TransportError, UsageError, from_dict
from connector.integrations.work import (
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    describe_event,
    describe_result,
    is_read,
    may_repeat_blindly,
    run_once,
    seconds_until_retry,
)
from connector.runtime.calls.call_options import parse_timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from temporalio.client import Client, WorkflowHandle
    from temporalio.worker import WorkflowRunner

    from connector.core.webhook.event import Event

T = TypeVar("T")

ACTIVITY = "connector.run"
_HEARTBEAT_TIMEOUT = 30.0  # seconds after which the server knows that a worker was killed
_LONGEST_CALL = 86_400.0  # seconds: the call has a deadline of its own, that of a job is what its definition says
_MAX_REASON_LENGTH = 200  # characters
_MARGIN = 60.0  # seconds between the deadline of a call and the moment at which the server gives the attempt up
# Threads are made when they are needed; how many attempts are under way is the worker's `max_concurrent_activities`.
_THREADS = ThreadPoolExecutor(max_workers=1_000, thread_name_prefix="connector")


class ConnectorPlugin(SimplePlugin):
    """What a worker takes: the activity `connector.run`, and a sandbox in which workflows can import this module."""

    def __init__(self, *activities: Callable[..., Any], workflows: Sequence[type] = ()) -> None:
        activities = (attempt_action, *activities)
        super().__init__("connector", activities=activities, workflows=workflows, workflow_runner=_pass_through)


def _pass_through(runner: WorkflowRunner | None) -> WorkflowRunner:
    runner = runner or SandboxedWorkflowRunner()
    if not isinstance(runner, SandboxedWorkflowRunner):
        return runner
    return replace(runner, restrictions=runner.restrictions.with_passthrough_modules("connector", "jmespath"))


def run_action(
    action: str,
    given: dict[str, Any] | None = None,
    *,
    connection: str | None = None,
    folder: str | None = None,
    timeout: float | str | None = None,
    attempts: int = MAX_ATTEMPTS,
    longest_wait: float = LONGEST_WAIT,
    **more: Any,
) -> Coroutine[Any, Any, dict[str, Any]]:
    """Run an action from a workflow; awaited, it gives the result as a dict. Raises ActivityError: see `find_error`.

    `connection` is the name of a stored one, `attempts` the most that are made, `longest_wait` the seconds that one
    may have to wait for the next; `more` are account, limit, page_size and retry of a call.
    """
    call = {
        "action": action,
        "given": given,
        "connection": connection,
        "folder": folder,
        "timeout": timeout,
        "attempts": attempts,
        "longest_wait": longest_wait,
        **more,
    }
    activity_run: Coroutine[Any, Any, dict[str, Any]] = workflow.execute_activity(
        ACTIVITY,
        call,
        result_type=dict[str, Any],
        start_to_close_timeout=timedelta(seconds=_limit_call(timeout) + _MARGIN),
        heartbeat_timeout=timedelta(seconds=_HEARTBEAT_TIMEOUT),
        summary=action,
    )
    return activity_run


def _limit_call(timeout: float | str | None) -> float:
    """Return how many seconds a call can take; of a wrong timeout, the attempt tells what is wrong."""
    with suppress(InputError):
        return parse_timeout(timeout) if timeout is not None else _LONGEST_CALL
    return _LONGEST_CALL


class _Call(BaseModel):
    """The argument of the activity."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: str
    given: dict[str, Any] | None = None
    connection: str | None = None
    folder: str | None = None
    timeout: float | str | None = None
    attempts: int = Field(MAX_ATTEMPTS, ge=1)
    longest_wait: float = Field(LONGEST_WAIT, ge=0)
    account: str | None = None
    limit: int | None = None
    page_size: int | None = None
    retry: dict[str, Any] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The options of an attempt, its connection and its folder."""
        return self.model_dump(exclude={"action", "given", "attempts", "longest_wait"})

    @property
    def what(self) -> tuple[str, dict[str, Any] | None]:
        """The action and its inputs."""
        return self.action, self.given

    @property
    def where(self) -> dict[str, Any]:
        """The connection and the folder of the action."""
        return {"connection": self.connection, "folder": self.folder}


@activity.defn(name=ACTIVITY)
async def attempt_action(call: dict[str, Any]) -> dict[str, Any]:
    """Make one attempt of an action; return its result as a dict. `call` has the arguments of `run_action`, by name.

    The failure is an ApplicationError with the ConnectorError as its details; Temporal repeats it when the service
    accepts it again, whatever the retry policy. The ids of the workflow, its run and the activity are the idempotency
    key where the service takes one.
    """
    parsed = None
    try:
        parsed = _parse_call(call)
        await _refuse_doubling(parsed)
        result = await _run_in_thread(partial(run_once, *parsed.what, key=_build_key(), **parsed.options))
    except ConnectorError as error:
        raise _build_failure(error, parsed) from None
    return describe_result(result)


def _parse_call(call: Any) -> _Call:
    try:
        return _Call.model_validate(call)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'argument'}: {one['msg']}" for one in error.errors()]
        expected = f"Give one object with {', '.join(_Call.model_fields)}."
        raise UsageError(f"{ACTIVITY}: {'; '.join(problems)}.", hint=expected) from None


def _build_key() -> str:
    """Return what is the same for all attempts of the activity."""
    info = activity.info()
    run = info.workflow_run_id or info.activity_run_id
    return "/".join(part for part in (info.workflow_id, run, info.activity_id) if part)


def _build_failure(error: ConnectorError, call: _Call | None) -> ApplicationError:
    """Return the failure of an attempt, which says whether and when Temporal makes another."""
    again = seconds_until_retry(error)
    facts, name = error.to_dict(), type(error).__name__
    if call is None or again is None or again > call.longest_wait or activity.info().attempt >= call.attempts:
        return ApplicationError(str(error), facts, type=name, non_retryable=True)
    return ApplicationError(str(error), facts, type=name, next_retry_delay=timedelta(seconds=again))


async def _refuse_doubling(call: _Call) -> None:
    """Raise the error of an attempt that did not tell its end, unless the call may be made again."""
    info = activity.info()
    if info.is_local:  # the server knows nothing of its attempts
        raise UsageError(f"{ACTIVITY} cannot be a local activity.", hint="Call it with workflow.execute_activity.")
    if info.attempt == 1:
        return
    failure = await _read_last_failure(info)
    if _is_told(failure):
        return
    try:
        if info.attempt <= call.attempts and await _run_in_thread(
            partial(may_repeat_blindly, *call.what, **call.where, since=info.scheduled_time.timestamp())
        ):
            return
        reads = await _run_in_thread(partial(is_read, *call.what, **call.where))
    except ConnectorError:  # such as a connection that is gone; what was sent may have been a write
        reads = False
    raise _build_untold_error(call.action, failure.message, may_be_done=not reads)


def _build_untold_error(action: str, reason: str, *, may_be_done: bool = True) -> TransportError:
    """Return the error of a call whose last attempt did not tell its end; `reason` is what Temporal knows of it."""
    said = f": {reason[:_MAX_REASON_LENGTH].rstrip('.')}" if reason else ""
    message = f"{action}: the last attempt ended without an outcome{said}."
    if may_be_done:
        return TransportError(message, kind="interrupted", hint=CHECK_BEFORE_RETRY, outcome="uncertain")
    hint = "Find out what ends it before you start another."
    return TransportError(message, kind="interrupted", hint=hint, outcome="rejected")


async def _read_last_failure(info: activity.Info) -> Failure:
    """Ask the server how the attempt before this one ended; it writes that down before it makes another."""
    client = activity.client()
    if info.workflow_id is None:
        handle = client.get_activity_handle(info.activity_id, run_id=info.activity_run_id)
        return (await handle.describe(include_last_failure=True)).raw_info.last_failure
    execution = WorkflowExecution(workflow_id=info.workflow_id, run_id=info.workflow_run_id or "")
    request = DescribeWorkflowExecutionRequest(namespace=info.namespace, execution=execution)
    described = await client.workflow_service.describe_workflow_execution(request, retry=True)
    own = [one.last_failure for one in described.pending_activities if one.activity_id == info.activity_id]
    return own[0] if own else Failure()  # none where the workflow has ended meanwhile


def _is_told(failure: Failure) -> bool:
    """Whether an attempt ended with a ConnectorError, so that nothing is open; a large failure is kept as a cause."""
    names = (failure.application_failure_info.type, failure.cause.application_failure_info.type)
    classes = [getattr(errors, name, None) for name in names]
    return any(isinstance(one, type) and issubclass(one, ConnectorError) for one in classes)


async def _run_in_thread(work: Callable[[], T]) -> T:
    """Run blocking work to its end in a thread, and tell the server meanwhile that the worker lives.

    A cancellation does not cut it off: what is under way cannot be taken back, and its outcome is worth knowing.
    """
    timeout = activity.info().heartbeat_timeout
    interval = None if timeout is None else timeout.total_seconds() / 3
    future = asyncio.get_running_loop().run_in_executor(_THREADS, contextvars.copy_context().run, work)
    while not future.done():
        activity.heartbeat()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([future], timeout=interval)
    return future.result()


def find_error(failure: BaseException) -> ConnectorError | None:
    """Return the ConnectorError behind a failure, in a workflow or of one; None where no action failed.

    An attempt that Temporal gave up without another is an error with the outcome `uncertain`.
    """
    cause: BaseException | None = failure
    is_action = False
    while cause is not None:
        if isinstance(cause, ActivityError):
            is_action = cause.activity_type == ACTIVITY
        elif isinstance(cause, TimeoutFailure) and is_action:
            return _build_untold_error(ACTIVITY, str(cause))
        elif isinstance(cause, ApplicationError) and cause.details and isinstance(cause.details[0], Mapping):
            with suppress(ValueError):
                return from_dict(cause.details[0])
        cause = cause.__cause__
    return None


async def start_for_event(
    client: Client, event: Event, workflow: Any, *args: Any, task_queue: str
) -> WorkflowHandle[Any, Any]:
    """Start `workflow(event, *args)` for an event, as JSON-safe data; the same event again is the same run.

    The key of the event is the id of the workflow, for as long as the server keeps workflows that have ended.
    """
    try:
        handle: WorkflowHandle[Any, Any] = await client.start_workflow(
            workflow,
            args=[describe_event(event), *args],
            id=event.key,
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
    except WorkflowAlreadyStartedError as error:
        return client.get_workflow_handle(event.key, run_id=error.run_id)
    return handle
