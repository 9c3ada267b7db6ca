"""The operator: an action as a task, attempted once in each try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from connector.errors import ConnectorError, UsageError
from connector.integrations.airflow.hook import ConnectorHook
from connector.integrations.airflow.retry_policy import ConnectorRetryPolicy
from connector.integrations.work import (
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    build_cut_off_error,
    describe_result,
    may_repeat_blindly,
    run_once,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context, RetryPolicy

    from connector.core.response.result import Result
    from connector.runtime.client.client import Client

ATTEMPT_MARK = "connector.attempt"  # in the state store of a task
RESULT_KEY = "result"  # the XCom with what a result says beside its data
ERROR_KEY = "error"  # the XCom with the error of the last attempt


class ConnectorOperator(BaseOperator):
    """Runs an action and returns its data; Airflow runs the task again when the service accepts the call.

    `given` are the inputs, `connection` the id of an Airflow connection (default: that of the environment), `folder`
    the connector's, `timeout` the time of one attempt. `attempts` are the most that are made: without it, Airflow's
    `retries` hold, and without either there are 5. `longest_wait` are the seconds that one may have to wait for the
    next. The XCom `result` has what the result says beside its data, `error` the error of the last attempt as a dict.
    A write that may have been done is never repeated, also where a worker was killed. Raises ConnectorError.
    """

    template_fields: Sequence[str] = ("action", "given", "connection", "folder")
    template_fields_renderers: ClassVar[dict[str, str]] = {"given": "json"}
    ui_color = "#e8f1fb"

    def __init__(
        self,
        *,
        action: str,
        given: Mapping[str, Any] | None = None,
        connection: str | None = None,
        folder: str | None = None,
        timeout: float | str | None = None,
        attempts: int | None = None,
        longest_wait: float = LONGEST_WAIT,
        retries: int | None = None,
        retry_policy: RetryPolicy | None = None,
        **kwargs: Any,
    ) -> None:
        if attempts is not None and attempts < 1:
            raise UsageError(f"attempts is {attempts}; expected at least 1.")
        if attempts is not None or retries is None:
            retries = (attempts or MAX_ATTEMPTS) - 1
        super().__init__(retries=retries, retry_policy=retry_policy or ConnectorRetryPolicy(longest_wait), **kwargs)
        self.action, self.given, self.timeout = action, given, timeout
        self.connection, self.folder = connection, folder

    def execute(self, context: Context) -> Any:
        """Make one attempt; return the data of its result. Raises ConnectorError."""
        try:
            with ConnectorHook(self.connection, self.folder).get_conn() as client:
                described = describe_result(self._attempt(client, context))
        except ConnectorError as error:
            self._push(context, ERROR_KEY, error.to_dict())
            raise
        data = described.pop("data")
        self._push(context, RESULT_KEY, described)
        return data

    def _attempt(self, client: Client, context: Context) -> Result:
        """Make one attempt of a read; of anything else only if no earlier try may have done it."""
        key = build_key(context)
        if may_repeat_blindly(self.action, self.given, client=client):
            return run_once(self.action, self.given, client=client, key=key, timeout=self.timeout)
        # The mark is set before the attempt and taken away when the service is known to have done nothing: who finds it
        # stands in for a worker that was killed. It names the tries that belong together, since `max_tries` grows when
        # a person clears the task, who wants it done once more.
        store, mark = context["task_state_store"], context["ti"].max_tries
        if store.get(ATTEMPT_MARK) == mark:
            raise build_cut_off_error(self.action)
        store.set(ATTEMPT_MARK, mark)
        try:
            return run_once(self.action, self.given, client=client, key=key, timeout=self.timeout)
        except ConnectorError as error:
            if error.outcome != "uncertain":
                store.delete(ATTEMPT_MARK)
            raise

    def _push(self, context: Context, key: str, value: Any) -> None:
        if self.do_xcom_push:
            context["ti"].xcom_push(key=key, value=value)


def build_key(context: Context) -> str:
    """Return the idempotency key of a task: the same for each of its tries, as `DAG/run/task/index`."""
    task = context["ti"]
    return f"{task.dag_id}/{task.run_id}/{task.task_id}/{task.map_index}"
