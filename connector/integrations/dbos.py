"""DBOS: an action as a workflow that is attempted in steps and sleeps durably until the service accepts it.

Import it before `DBOS.launch()`, so that every worker knows the workflow; it needs the extra `dbos`.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from dbos import DBOS, SetWorkflowID

from connector.errors import ConnectorError, InputError, from_dict
from connector.integrations.work import (
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    attempt_call,
    build_cut_off_error,
    describe_error,
    describe_event,
    may_repeat_blindly,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbos import WorkflowHandle

    from connector.core.webhook.event import Event

_announced: set[str] = set()  # attempts that this process is about to make


@DBOS.step(name="connector.announce")
def _announce_attempt() -> str:
    """Record that an attempt begins, and when; a worker that recovers the workflow does not know the returned mark."""
    mark = f"{time.time():.3f} {uuid.uuid4()}"
    _announced.add(mark)
    return mark


@DBOS.step(name="connector.attempt")
def _attempt(mark: str, action: str, given: dict[str, Any] | None, options: dict[str, Any]) -> dict[str, Any]:
    """Make one attempt. Every reply of the service is a recorded result, errors too, so that DBOS repeats nothing."""
    is_first = mark in _announced
    _announced.discard(mark)
    if not is_first:
        try:
            is_repeatable = may_repeat_blindly(
                action,
                given,
                connection=options["connection"],
                folder=options["folder"],
                since=float(mark.partition(" ")[0]),
            )
        except InputError as error:  # then nothing was sent before either
            return describe_error(error)
        except ConnectorError:  # such as a connection that is gone: what was sent may have been a write
            is_repeatable = False
        if not is_repeatable:
            return describe_error(build_cut_off_error(action))
    return attempt_call(action, given, **options)


@DBOS.workflow(name="connector.run")
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
) -> dict[str, Any]:
    """Run an action durably; return its result as a dict. Raises the ConnectorError of the last attempt.

    `connection` is the name of a stored one, `attempts` the most that are made, `longest_wait` the seconds that one
    may have to wait for the next; `more` are account, limit, page_size and retry of a call. The id of the workflow is
    the idempotency key where the service takes one; called from another workflow, that is the id of the caller and its
    step. A write that may have been done is never repeated, also where a worker was killed: its error has the outcome
    `uncertain`.
    """
    options = {"connection": connection, "folder": folder, "timeout": timeout, "key": DBOS.workflow_id, **more}
    number = 0
    while True:
        number += 1
        answer = _attempt(_announce_attempt(), action, given, options)
        if "result" in answer:
            result: dict[str, Any] = answer["result"]
            return result
        again = answer["again"]
        if again is None or again > longest_wait or number >= attempts:
            raise from_dict(answer["error"])
        DBOS.sleep(again)


def start_for_event(
    event: Event, workflow: Callable[..., Any], *args: Any, queue: str | None = None
) -> WorkflowHandle[Any]:
    """Start `workflow(event, *args)` for an event, as JSON-safe data; the same event again is the same run.

    The key of the event is the id of the workflow. With `queue`, it is put into that registered queue.
    """
    with SetWorkflowID(event.key):
        if queue is not None:
            return DBOS.enqueue_workflow(queue, workflow, describe_event(event), *args)
        return DBOS.start_workflow(workflow, describe_event(event), *args)
