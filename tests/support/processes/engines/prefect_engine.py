"""Prefect with a server on SQLite, which all tests share, and a worker for each that runs every flow in a process."""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import httpx

from support.pace import wait_until
from support.processes.files import read_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector import Event


class PrefectServer:
    """A server with a folder of its own; this process is its client. It takes many seconds to start."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="prefect-")
        self.folder = Path(self._place.name)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.settings = {
            "DO_NOT_TRACK": "1",
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_HOME": str(self.folder),
            "PREFECT_LOGGING_LEVEL": "DEBUG",
            "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{self.folder}/prefect.db",
        }
        words = ("server", "start", "--host", "127.0.0.1", "--port", str(port))
        self._process = start_process(self.folder / "server.log", "-m", "prefect", *words, **self.settings)
        atexit.register(self.close)
        for _ in range(3):  # it loads for a minute where the machine is busy
            with contextlib.suppress(AssertionError):
                wait_until(self._is_healthy)
                return
        raise AssertionError((self.folder / "server.log").read_text())

    def _is_healthy(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.settings['PREFECT_API_URL']}/health", trust_env=False).is_success
        return False

    def close(self) -> None:
        """End it and remove its folder."""
        end_process(self._process)
        self._place.cleanup()

    def read_history(self) -> bytes:
        """Return all that it wrote down: its database, results and its log."""
        with contextlib.closing(sqlite3.connect(self.folder / "prefect.db")) as database:
            database.execute("pragma wal_checkpoint(full)")
        return read_files(self.folder)


class PrefectEngine:
    """A worker of a server, started here and ended with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = contextlib.ExitStack()
        self.server = self._stack.enter_context(use_server())
        log = folder / "worker.log"
        self._worker = start_process(log, "-m", "support.processes.engines.prefect_app")
        wait_until(lambda: b"are being served" in log.read_bytes())

    def start(self, action: str, given: dict[str, Any], **options: Any) -> Any:
        """Start a run of the flow that runs an action; return its id."""
        return self.start_flow("contract.run", action=action, given=given, options=options)

    def start_flow(self, flow: str, **parameters: Any) -> Any:
        """Start a run of a flow; return its id."""
        from prefect.deployments import run_deployment

        return run_deployment(f"{flow}/contract", parameters=parameters, timeout=0).id

    def read_state(self, handle: Any) -> Any:
        """Return the state of a run."""
        from prefect.client.orchestration import get_client

        with get_client(sync_client=True) as api:
            return api.read_flow_run(handle).state

    def read_result(self, handle: Any) -> Any:
        """Wait for a result. Raises its ConnectorError."""
        wait_until(lambda: self.read_state(handle).is_final())
        return self.read_state(handle).result(_sync=True)

    def cancel(self, handle: Any) -> None:
        """Cancel what waits for its next attempt."""
        from prefect.client.orchestration import get_client
        from prefect.states import Cancelling

        with get_client(sync_client=True) as api:
            api.set_flow_run_state(handle, Cancelling())

    def start_for_event(self, event: Event) -> Any:
        """Start what an event asks for."""
        from connector.integrations.prefect import start_for_event

        return start_for_event(event, "contract.on_event/contract")

    def read_history(self) -> bytes:
        """Return all that the engine wrote down: the server's database, results and logs."""
        return self.server.read_history() + read_files(self.folder)

    def kill_runs(self) -> None:
        """End the processes of the runs as the machine's end would; the worker goes on."""
        for children in Path("/proc", str(self._worker.pid), "task").glob("*/children"):
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)

    def close(self) -> None:
        """End the worker and the runs that it started."""
        end_process(self._worker)
        self._stack.close()


@contextlib.contextmanager
def use_server() -> Iterator[PrefectServer]:
    """Make this process a client of the server, which is started when it is first needed."""
    from prefect.context import refresh_global_settings_context
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    server = start_server()
    with mock.patch.dict(os.environ, server.settings):
        refresh_global_settings_context()
        yield server
        EventsWorker.drain_all()
        APILogWorker.drain_all()
        gc.collect()  # what Prefect left open is closed while its warning is ignored
    refresh_global_settings_context()


@functools.cache
def start_server() -> PrefectServer:
    """Start the server of this process."""
    return PrefectServer()


def start_process(log: Path, *words: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start a Python program that leads a group of its own and writes a log."""
    environment = {**os.environ, **settings, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *words], env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent,
            start_new_session=True,
        )  # fmt: skip


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started; a graceful end takes seconds."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def start_engine(folder: Path, database: str) -> PrefectEngine:
    """Start a worker, and the server before the first one."""
    return PrefectEngine(folder)
