"""Celery: an action as a task that Celery repeats when the service accepts it again.

Name this module in the `imports` of an app; it needs the extra `celery`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from celery import shared_task

from connector.errors import ConnectorError, from_dict
from connector.integrations.work import (
    MAX_ATTEMPTS,
    describe_event,
    describe_result,
    run_once,
    seconds_until_retry,
)

if TYPE_CHECKING:
    from celery import Task
    from celery.result import AsyncResult

    from connector.core.webhook.event import Event

# Seconds. A worker holds the message of a task that waits, and a broker delivers again what is held too long: SQS after
# half an hour, Redis after an hour. Then two workers would run it.
LONGEST_WAIT = 900.0


class TaskFailure(Exception):  # the outcome of a task, as any result backend keeps it
    """A task failed for good; `error` is the ConnectorError, `data` the same as a dict.

    The JSON of a result backend keeps the arguments of an exception alone, so the data are its only one.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.data = data

    @property
    def error(self) -> ConnectorError:
        """The error with all its facts."""
        return from_dict(self.data)

    def __str__(self) -> str:
        return str(self.error)


@shared_task(bind=True, name="connector.run", acks_late=False)
def run_action(
    self: Task,
    action: str,
    given: dict[str, Any] | None = None,
    *,
    connection: str | None = None,
    folder: str | None = None,
    timeout: float | str | None = None,
    attempts: int = MAX_ATTEMPTS,
    longest_wait: float = LONGEST_WAIT,
) -> dict[str, Any]:
    """Run an action; return its result as a dict. Raises TaskFailure with the error of the last attempt.

    The options are those of an action anywhere; `attempts` is the most that are made, `longest_wait` the seconds that
    one may have to wait for the next. The id of the task is the idempotency key where the service takes one. The
    message is acknowledged before an attempt, also where the app says otherwise: what a killed worker was doing is not
    done twice.
    """
    try:
        result = run_once(action, given, connection=connection, folder=folder, timeout=timeout, key=self.request.id)
    except ConnectorError as error:
        retry_or_fail(self, error, attempts=attempts, longest_wait=longest_wait)
    return describe_result(result)


def retry_or_fail(
    task: Task, error: ConnectorError, *, attempts: int = MAX_ATTEMPTS, longest_wait: float = LONGEST_WAIT
) -> NoReturn:
    """Let Celery run the task under way again when its error says; else fail it. For tasks that call `run_once`.

    Raises Celery's Retry or TaskFailure.
    """
    failure, seconds = TaskFailure(error.to_dict()), seconds_until_retry(error)
    if seconds is None or seconds > longest_wait:
        raise failure from None
    retry_at = datetime.now(UTC) + timedelta(seconds=seconds)
    raise task.retry(exc=failure, eta=retry_at, max_retries=attempts - 1)


def start_for_event(event: Event, task: Task, *args: Any) -> AsyncResult:
    """Send `task(event, *args)` for an event, as JSON-safe data; the key of the event is the id of the task.

    Celery itself runs two messages of one id twice: let the inbox of a Receiver call this, which knows an event again.
    """
    return task.apply_async(args=(describe_event(event), *args), task_id=event.key)
