"""Airflow with its scheduler and API; one for all tests of a process, since it takes seconds to start."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.errors import from_dict
from connector.integrations.airflow.events import AirflowApi, start_for_event
from support.pace import wait_until
from support.processes.engines.airflow_runtime import PASSWORD, USER, AirflowRuntime, shared_runtime
from support.servers import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from connector import Event

FINAL = ("success", "failed", "skipped", "upstream_failed", "removed")
VARIANT_BY_OPTIONS = {
    (): "contract",
    (("attempts", 2),): "contract_two_attempts",
    (("longest_wait", 0.1),): "contract_impatient",
}


class AirflowEngine:
    """Runs of the DAGs under test; a handle is the path of a run in the API."""

    def __init__(self, runtime: AirflowRuntime) -> None:
        self.runtime = runtime
        self.api = AirflowApi(runtime.url, username=USER, password=PASSWORD)
        runtime.take_environment()
        self.put_connection("acme", conn_type="zoom", extra=json.dumps({"kind": "accessToken", "accessToken": TOKEN}))

    def start(self, action: str, given: dict[str, Any], **options: Any) -> str:
        """Start an action; return its handle."""
        conf = {"action": action, "given": given}
        for name in ("connection", "folder"):
            if name in options:
                conf[name] = options.pop(name)
        return self.start_run(VARIANT_BY_OPTIONS[tuple(options.items())], conf)

    def put_connection(self, name: str, **fields: Any) -> None:
        """Create an Airflow connection."""
        made = self.runtime.ask("POST", "/api/v2/connections", {"connection_id": name, **fields})
        assert made[0] in (201, 409), made

    def clear(self, handle: str) -> None:
        """Let a person clear the task of a run that has ended, so that it is run once more."""
        wait_until(lambda: self.runtime.ask("GET", handle)[1]["state"] in FINAL)
        dag, run = handle.split("/")[4], handle.rpartition("/")[2]
        body = {"dry_run": False, "dag_run_id": run, "task_ids": ["run"], "only_failed": False, "reset_dag_runs": True}
        assert self.runtime.ask("POST", f"/api/v2/dags/{dag}/clearTaskInstances", body)[0] == 200

    def start_run(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run of a DAG; return its handle."""
        run = {"dag_run_id": str(uuid.uuid4()), "logical_date": None, "conf": conf}
        status, answer = self.runtime.ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", run)
        assert status == 200, answer
        return f"/api/v2/dags/{dag_id}/dagRuns/{run['dag_run_id']}"

    def read_task(self, handle: str) -> dict[str, Any]:
        """Return what the API says of the task of a run; nothing before it has one."""
        status, answer = self.runtime.ask("GET", f"{handle}/taskInstances/run")
        return answer if status == 200 else {"state": None}

    def read_xcom(self, handle: str, key: str) -> Any:
        """Return a value that the task left; None without one."""
        status, answer = self.runtime.ask(
            "GET", f"{handle}/taskInstances/run/xcomEntries/{quote(key)}?deserialize=true"
        )
        return answer["value"] if status == 200 else None

    def wait_for_end(self, handle: str) -> str:
        """Return the state that the task ends in."""
        wait_until(lambda: self.read_task(handle)["state"] in FINAL)
        return self.read_task(handle)["state"]

    def read_result(self, handle: str) -> dict[str, Any]:
        """Wait for a result. Raises its ConnectorError."""
        state = self.wait_for_end(handle)
        if state == "skipped":
            raise RuntimeError("the run was cancelled")
        if state == "failed":
            raise from_dict(self.read_xcom(handle, "error"))
        return {**self.read_xcom(handle, "result"), "data": self.read_xcom(handle, "return_value")}

    def cancel(self, handle: str) -> None:
        """Mark the run as failed, as a person would; its task, which waits, is skipped."""
        wait_until(lambda: self.read_task(handle)["state"] == "up_for_retry")
        assert self.runtime.ask("PATCH", handle, {"state": "failed"})[0] == 200

    def start_for_event(self, event: Event) -> str:
        """Start what an event asks for."""
        return start_for_event(event, "on_event", api=self.api)

    def read_history(self) -> bytes:
        """Return all that Airflow wrote down."""
        return self.runtime.read_history()

    def close(self) -> None:
        """Leave the runtime to the next test."""
        self.api.close()


def start_engine(folder: Path, database: str) -> AirflowEngine:
    """Return the engine of this process."""
    return AirflowEngine(shared_runtime())
