"""Prefect: an action as a task that Prefect runs again when the service accepts it again.

It needs the extra `prefect`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import httpx
from prefect import get_run_logger, task
from prefect.blocks.core import Block
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext, TaskRunContext
from prefect.deployments.flow_runs import arun_deployment, run_deployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.types import SecretDict
from pydantic import Field, model_validator

from connector.definition.loader import Connector
from connector.errors import ConnectorError, from_dict
from connector.integrations.work import (
    MAX_ATTEMPTS,
    attempt_call,
    build_cut_off_error,
    describe_error,
    describe_event,
    keep_client,
    may_repeat_blindly,
    seconds_until_retry,
)
from connector.runtime.auth.connection import Connection
from connector.runtime.client.client import Client

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self
    from uuid import UUID

    from prefect import Task
    from prefect.client.schemas.objects import FlowRun, State, TaskRun

    from connector.core.webhook.event import Event

LONGEST_WAIT = 900.0  # seconds: the process of the flow stays while it waits
_MAX_RETRIES = 100  # what Prefect allows at most; `attempts` ends them sooner
_DIGEST_LENGTH = 32  # characters
_counting = threading.Lock()
_seconds: ContextVar[float] = ContextVar("connector_seconds_until_retry", default=1.0)


class ConnectorCredentials(Block):
    """Says which connection the actions of a connector use.

    Give the name of a stored connection, or the kind of one with its inputs. Without either, the environment of the
    worker has the connection.

    Example:
        ```python
        from connector.integrations.prefect import ConnectorCredentials, run_action

        ConnectorCredentials(connection="work").save("zoom")
        run_action("getUser", {"userId": "me"}, credentials="zoom")
        ```

    """

    _block_type_name = "Connector Credentials"
    _block_type_slug = "connector-credentials"

    connection: str | None = Field(
        default=None,
        title="Stored connection",
        description="The name of a stored connection. Workers find it in the store that CONNECTOR_STORE names.",
    )
    kind: str | None = Field(
        default=None,
        title="Kind of connection",
        description="A kind that the connector's manifest names, such as serverToServer. Its inputs are below.",
    )
    inputs: SecretDict = Field(
        default_factory=lambda: SecretDict({}),
        title="Inputs of the connection",
        description='The inputs of that kind by their keys, such as {"accountId": ..., "clientSecret": ...}.',
    )
    folder: str | None = Field(
        default=None,
        title="Folder of the connector",
        description="Where workers have the connector's folder. Leave it empty for the bundled connector.",
    )
    base_url: str | None = Field(
        default=None,
        title="Address",
        description="Another address of the same service, such as a proxy: https, or http on this machine.",
    )

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if self.connection is not None and self.kind is not None:
            raise ValueError("Got a stored connection and a kind; expected one of them. Remove the other.")
        if self.inputs.get_secret_value() and self.kind is None:
            raise ValueError("Got inputs without a kind of connection. Say of which kind they are.")
        return self

    def get_client(self) -> Client:
        """Return the client of this connection, one for each process. Raises ConnectorError."""
        fields = [self.connection, self.kind, self.inputs.get_secret_value(), self.folder, self.base_url]
        return keep_client(f"credentials:{_digest(fields)}", self._make_client)

    def _make_client(self) -> Client:
        connector = Connector.open(self.folder)
        connection: Connection | str | None = self.connection
        if self.kind is not None:
            connection = Connection(connector, self.kind, self.inputs.get_secret_value())
        elif connection is None and connector.manifest.connections:
            connection = Connection.from_env(connector)
        return Client(connector, connection, base_url=self.base_url)


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

    `connection` is the name of a stored one; or `credentials` the name of a ConnectorCredentials block. `attempts` is
    the most that are made, `longest_wait` the seconds that one may have to wait for the next. A write that may have
    been done is never repeated in its flow run, also where the flow is retried or its process was killed: its error has
    the outcome `uncertain`, and what was done before gives the same result again.
    """
    _ = attempts, longest_wait  # `may_repeat` reads them
    client = None if credentials is None else _load_credentials(credentials).get_client()
    options: dict[str, Any] = {"connection": connection, "folder": folder, "client": client}
    record = _find_record([action, given, connection, credentials, folder])
    key = record.key if record else str(_get_task_run_id())
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


@dataclass(frozen=True, slots=True)
class _Record:
    """What the API keeps of one write in its flow run: that a task run began it, and how it ended."""

    flow_run: UUID
    task_run: UUID
    place: str  # the call, and how many equal ones the flow made before it

    @property
    def key(self) -> str:
        """The idempotency key: the same in each run of the flow."""
        return f"{self.flow_run}-{self.place}"

    def begin(self, action: str) -> dict[str, Any] | None:
        """Note that the write begins; return how it ended if it has begun before, in an earlier run of the flow."""
        if self._add(f"begun-{self.place}", str(self.task_run)):
            return None
        ended = self._read(f"ended-{self.place}")
        if ended is not None:
            answer: dict[str, Any] = json.loads(ended)
            return answer
        if self._read(f"begun-{self.place}") == str(self.task_run):
            return None  # an earlier attempt of this very task run, which changed nothing
        return describe_error(build_cut_off_error(action))

    def end(self, answer: dict[str, Any]) -> None:
        """Note how the write ended, or that it was not done.

        What cannot be noted is a result all the same: another run of the flow is then told that it is uncertain.
        """
        try:
            if "error" in answer and answer["error"]["outcome"] != "uncertain":
                with get_client(sync_client=True) as api:
                    api.delete_flow_run_input(self.flow_run, f"connector-begun-{self.place}")
            else:
                self._add(f"ended-{self.place}", json.dumps(answer))
        except httpx.HTTPError as error:
            get_run_logger().warning("The end of a write could not be recorded: %s", error)

    def _add(self, name: str, value: str) -> bool:
        """Add an entry; return whether it is new."""
        try:
            with get_client(sync_client=True) as api:
                api.create_flow_run_input(self.flow_run, f"connector-{name}", value)
        except PrefectHTTPStatusError as error:
            if error.response.status_code == HTTPStatus.CONFLICT:
                return False
            raise
        return True

    def _read(self, name: str) -> str | None:
        try:
            with get_client(sync_client=True) as api:
                return api.read_flow_run_input(self.flow_run, f"connector-{name}")
        except PrefectHTTPStatusError as error:
            if error.response.status_code == HTTPStatus.NOT_FOUND:
                return None
            raise


def _find_record(call: list[Any]) -> _Record | None:
    """Return the record of a call in the flow run under way; None where there is none, or its calls are not counted.

    A flow that is run again makes its calls again, from the first one. Where equal calls are made side by side it does
    not matter which of them is which. In another process than the flow's, as with Dask, they cannot be counted.
    """
    context, task_run = FlowRunContext.get(), _get_task_run_id()
    if context is None or context.flow_run is None or context.detached:
        return None
    counted = context.task_run_dynamic_keys  # lives as long as this run of the flow
    digest, own = _digest(call), f"connector-{task_run}"
    with _counting:
        if own not in counted:
            number = int(counted.get(f"connector-{digest}", 0))
            counted[f"connector-{digest}"] = number + 1
            counted[own] = f"{digest}-{number}"
    return _Record(context.flow_run.id, task_run, str(counted[own]))


def _get_task_run_id() -> UUID:
    context = TaskRunContext.get()
    assert context is not None, "a task runs in its context"
    return context.task_run.id


def _digest(values: list[Any]) -> str:
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]


def start_for_event(event: Event, deployment: str | UUID, parameters: Mapping[str, Any] | None = None) -> FlowRun:
    """Start a run of a deployment (`"flow/deployment"`) for an event; the same event again is the same run.

    The flow gets the event as its parameter `event`, as JSON-safe data, beside `parameters`. The key of the event is
    the idempotency key of the run. This does not wait for the run, which begins on a worker.
    """
    description = {**_describe_run(event, parameters), "_sync": True}  # in an event loop too, rather than a coroutine
    return cast("FlowRun", run_deployment(deployment, **description))


async def start_for_event_async(
    event: Event, deployment: str | UUID, parameters: Mapping[str, Any] | None = None
) -> FlowRun:
    """Do the same as `start_for_event` in an event loop."""
    async with get_client() as api:
        return await arun_deployment(deployment, client=api, **_describe_run(event, parameters))


def _describe_run(event: Event, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "parameters": {**(parameters or {}), "event": describe_event(event)},
        "idempotency_key": event.key,
        "timeout": 0,  # seconds to wait for its end
        "as_subflow": False,
    }
