"""What the API of Prefect keeps of the writes of a flow, so that none is repeated where the flow is run again."""

from __future__ import annotations

import contextlib
import hashlib
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from prefect import get_run_logger
from prefect.client.orchestration import SyncPrefectClient
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import PrefectHTTPStatusError

from connector.first_use import dataclass
from connector.integrations.work import build_cut_off_error, describe_error
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.schemas.objects import FlowRun

_DIGEST_LENGTH = 32  # characters
_counting = ForkSafeLock()


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """What the API keeps of one write of a flow: which attempt began it, and how it ended."""

    api: SyncPrefectClient
    flow_run: UUID
    place: str  # where in the flow run: the call, and how many equal ones came before it
    attempt: str

    @property
    def key(self) -> str:
        """The idempotency key: the same in each run of the flow."""
        return f"{self.flow_run}-{self.place}"

    def begin(self, action: str) -> dict[str, Any] | None:
        """Note that the write begins; if it has begun before, return how it ended."""
        if self._add("begun", self.attempt):
            return None
        ended = self._read("ended")
        if ended is not None:
            answer: dict[str, Any] = json.loads(ended)
            return answer
        if self._read("begun") == self.attempt:
            return None  # the note was taken, and its reply was lost
        return describe_error(build_cut_off_error(action))

    def end(self, answer: dict[str, Any]) -> None:
        """Note how the write ended; where it was not done, that it has not begun.

        What cannot be noted is a result all the same: another run of the flow is then told that it is uncertain.
        """
        with contextlib.suppress(Exception):
            if "error" in answer and answer["error"]["outcome"] != "uncertain":
                self.api.delete_flow_run_input(self.flow_run, f"connector-begun-{self.place}")
            else:
                self._add("ended", json.dumps(answer))
            return
        get_run_logger().warning("It could not be noted how the write ended. Do not run this flow again.")

    def _add(self, what: str, value: str) -> bool:
        """Add a note; return whether there was none."""
        try:
            self.api.create_flow_run_input(self.flow_run, f"connector-{what}-{self.place}", value)
        except PrefectHTTPStatusError as error:
            if error.response.status_code == HTTPStatus.CONFLICT:
                return False
            raise
        return True

    def _read(self, what: str) -> str | None:
        try:
            value: str = self.api.read_flow_run_input(self.flow_run, f"connector-{what}-{self.place}")
        except PrefectHTTPStatusError as error:
            if error.response.status_code == HTTPStatus.NOT_FOUND:
                return None
            raise
        return value


def find_record(context: TaskRunContext, call: list[Any]) -> WriteRecord | None:
    """Return the record of a call; None without a flow, and where the calls of the flow cannot be counted.

    A flow that is run again makes its calls again, from the first one. Where equal calls are made side by side it does
    not matter which of them is which. A process beside that of the flow, as Dask has, knows only its own calls.
    """
    flow, task_run = FlowRunContext.get(), context.task_run
    if flow is None or flow.flow_run is None or flow.detached:
        return None
    assert isinstance(context.client, SyncPrefectClient), "the client of a task that is not async"
    root, path = _find_root(context.client, flow.flow_run)
    digest = _digest([*path, *call])
    counted = flow.task_run_dynamic_keys  # lives as long as this run of the flow
    equal, own = f"connector-{digest}", f"connector-{task_run.id}"
    with _counting:
        if own not in counted:
            counted[own] = counted[equal] = int(counted.get(equal, 0)) + 1
    return WriteRecord(context.client, root, f"{digest}-{counted[own]}", f"{task_run.id}-{task_run.run_count}")


def _find_root(api: SyncPrefectClient, run: FlowRun) -> tuple[UUID, list[str]]:
    """Return the flow run that a subflow is a part of in the end, and the calls that lead from there to the subflow.

    Where a flow is run again, Prefect may start its subflows as other runs.
    """
    path = []
    while run.parent_task_run_id is not None:
        caller = api.read_task_run(run.parent_task_run_id)
        if caller.flow_run_id is None:
            break
        path.append(f"{caller.task_key}-{caller.dynamic_key}")
        run = api.read_flow_run(caller.flow_run_id)
    return run.id, path


def _digest(values: list[Any]) -> str:
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
