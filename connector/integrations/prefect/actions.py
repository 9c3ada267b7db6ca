"""The task that runs an action, and when Prefect runs it again."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext

from connector.errors import ConnectorError, UsageError, from_dict
from connector.integrations.prefect.credentials import ConnectorCredentials
from connector.integrations.prefect.records import find_record
from connector.integrations.work import MAX_ATTEMPTS, attempt_call, may_repeat_blindly, seconds_until_retry

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun

LONGEST_WAIT = 900.0  # seconds: the process of the flow stays while it waits
_MAX_RETRIES = 100  # what Prefect allows at most; `attempts` ends them sooner
_seconds: ContextVar[float] = ContextVar("connector_seconds_until_retry", default=1.0)


def may_repeat(_: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether Prefect should run a task again that failed with this state: a `retry_condition_fn`.

    The parameters `attempts` and `longest_wait` of the task, if it has them, limit this.
    """
    error, context = state.data, TaskRunContext.get()
    seconds = seconds_until_retry(error) if isinstance(error, ConnectorError) else None
    if seconds is None or context is None:
        return False
    if run.run_count >= context.parameters.get("attempts", MAX_ATTEMPTS):
        return False
    if seconds > context.parameters.get("longest_wait", LONGEST_WAIT):
        return False
    _seconds.set(seconds)
    return True


class _Delays(list[float]):
    """The delays of a task's retries: the one that Prefect takes is what the error says that was just judged.

    Prefect reads a delay right after it has asked the condition, in the same context.
    """

    def __getitem__(self, _: Any) -> Any:
        return _seconds.get()


# For tasks of your own that call `run_once`: `@task(**RETRIES)`.
RETRIES: dict[str, Any] = {
    "retries": _MAX_RETRIES,
    "retry_condition_fn": may_repeat,
    "retry_delay_seconds": _Delays([1.0]),
}


# Where a flow keeps results, Prefect would give an equal call of the same flow run the earlier result: a write that is
# meant would not be made.
@task(name="connector.run", cache_policy=NO_CACHE, **RETRIES)
def run_action(
    action: str,
    given: dict[str, Any] | None = None,
    *,
    connection: str | None = None,
    credentials: str | None = None,
    folder: str | None = None,
    timeout: float | str | None = None,
    attempts: int = MAX_ATTEMPTS,
    longest_wait: float = LONGEST_WAIT,
) -> dict[str, Any]:
    """Run an action; return its result as a dict. Raises the ConnectorError of the last attempt.

    `connection` is the name of a stored one; `credentials` instead that of a ConnectorCredentials block. `attempts` is
    the most that are made, `longest_wait` the seconds that one may have to wait for the next. A write that may have
    been done is never repeated in its flow run, also where the flow is retried or its process was killed: its error has
    the outcome `uncertain`, and what was done before gives the same result again.
    """
    _ = attempts, longest_wait  # `may_repeat` reads them
    client = None
    if credentials is not None:
        if connection is not None or folder is not None:
            raise UsageError(
                "Got credentials beside a connection or a folder.", hint="The block says both: name it alone."
            )
        client = _load_credentials(credentials).get_client()
    options: dict[str, Any] = {"connection": connection, "folder": folder, "client": client}
    context = TaskRunContext.get()
    assert context is not None, "a task runs in its context"
    record = find_record(context, [action, given, connection, credentials, folder])
    key = record.key if record else str(context.task_run.id)
    if record and may_repeat_blindly(action, given, **options):
        record = None
    answer = record.begin(action) if record else None
    if answer is None:
        answer = attempt_call(action, given, timeout=timeout, key=key, **options)
        if record:
            record.end(answer)
    if "error" in answer:
        raise from_dict(answer["error"])
    result: dict[str, Any] = answer["result"]
    return result


def _load_credentials(name: str) -> ConnectorCredentials:
    block = ConnectorCredentials.load(name)
    assert isinstance(block, ConnectorCredentials), "a task that is not async loads at once"
    return block
