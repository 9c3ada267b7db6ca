"""Dagster with a code server and the daemon as processes, on an instance whose SQLite databases are in a folder."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._cli.job import _create_run
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget

from connector import errors
from connector.integrations.dagster import report_event
from support.pace import wait_until
from support.processes.files import read_files

if TYPE_CHECKING:
    from pathlib import Path

    from connector import Event

LOCATION = "contract"
SETTINGS = """
telemetry: {{enabled: false}}
run_coordinator: {{module: dagster.core.run_coordinator, class: DefaultRunCoordinator}}
run_monitoring: {{enabled: true, poll_interval_seconds: 1}}
run_retries: {{enabled: true, max_retries: 1, retry_on_asset_or_op_failure: {retries_failures}}}
"""


class DagsterEngine:
    """One instance with its processes, started here and ended with it. Runs that Dagster retries do so once."""

    def __init__(self, folder: Path, *, retries_failures: bool = False) -> None:
        self.folder = folder
        (folder / "dagster.yaml").write_text(SETTINGS.format(retries_failures=str(retries_failures).lower()))
        self.instance = dg.DagsterInstance.from_config(str(folder))
        self._socket = f"/tmp/{folder.parent.name[-20:]}-{os.getpid()}.sock"  # the path of a socket is short
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start("dagster", "api", "grpc", "--socket", self._socket, "-m", "support.processes.engines.dagster_app",
                    "--location-name", LOCATION)  # fmt: skip
        wait_until(lambda: _accepts(self._socket))
        workspace = f"load_from: [grpc_server: {{socket: {self._socket}, location_name: {LOCATION}}}]"
        (folder / "workspace.yaml").write_text(workspace)
        self._start("dagster._daemon", "run", "--workspace", "workspace.yaml")
        target = GrpcServerTarget("localhost", None, self._socket, LOCATION)
        self.workspace = WorkspaceProcessContext(self.instance, target)

    def _start(self, module: str, *words: str) -> None:
        environment = {
            **os.environ,
            "DAGSTER_HOME": str(self.folder),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        with (self.folder / f"{module}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen([sys.executable, "-m", module, *words], env=environment, cwd=self.folder,
                                 stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            )  # fmt: skip

    def start(self, action: str, given: dict[str, Any], **options: Any) -> str:
        """Start an action; return the id of its run."""
        call = {"action": action, "inputs": given, **options}
        return self.start_job("run_action", {"ops": {"connector_run": {"config": call}}})

    def start_job(self, job: str, config: dict[str, Any]) -> str:
        """Launch a run of a job; return its id."""
        request = self.workspace.create_request_context()
        location = request.get_code_location(LOCATION)
        (repository,) = location.get_repositories().values()
        run = _create_run(self.instance, location, repository, repository.get_full_job(job), config, {}, None, None)
        self.instance.submit_run(run.run_id, request)
        return run.run_id

    def read_result(self, run_id: str) -> Any:
        """Wait for the output of the only step. Raises its ConnectorError."""
        wait_until(lambda: self.instance.get_run_by_id(run_id).is_finished)
        run = self.instance.get_run_by_id(run_id)
        if run.is_success:
            (path,) = (self.folder / "storage" / run_id).glob("*/result")
            return pickle.loads(path.read_bytes())
        raise self.read_error(run_id) or RuntimeError(f"the run is {run.status.value.lower()}")

    def read_error(self, run_id: str) -> Exception | None:
        """Return the error that a step failed with, or None."""
        for entry in self.instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
            told = entry.dagster_event.step_failure_data.user_failure_data
            if told is not None and "error" in told.metadata:
                return errors.from_dict(told.metadata["error"].value)
        return None

    def cancel(self, run_id: str) -> None:
        """Terminate a run."""
        self.instance.run_coordinator.cancel_run(run_id)

    def start_for_event(self, event: Event) -> None:
        """Report an event, for which the sensor starts a run."""
        report_event(event, self.instance)

    def read_history(self) -> bytes:
        """Return all that Dagster wrote down: databases, outputs, the logs of steps and of its processes."""
        return read_files(self.folder)

    def close(self) -> None:
        """End the processes, and the runs that the code server started."""
        self.workspace.__exit__(None, None, None)
        for process in reversed(self._processes):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.instance.dispose()
        if os.path.exists(self._socket):
            os.unlink(self._socket)


def start_engine(folder: Path, database: str) -> DagsterEngine:
    """Start an instance with its processes."""
    return DagsterEngine(folder)


def _accepts(path: str) -> bool:
    """Whether a server accepts connections at a socket."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0
