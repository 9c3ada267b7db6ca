"""Airflow as it runs for people: scheduler, processor of DAGs, API and, where a test asks, triggerer; on SQLite."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from support.pace import wait_until
from support.processes.files import read_files

USER, PASSWORD = "admin", "airflow-canary-p@ss/word"
FERNET_KEY = "Y29ubmVjdG9yLXRlc3RzLW9mLWFuLWVuZ2luZS0wMDE="  # of these tests alone
HEARTBEAT_TIMEOUT = 6  # seconds after which a task whose worker is gone counts as failed
VARIABLES = ("ZOOM_", "LAMP_", "CONNECTOR_")  # that tasks take from the test under way


class AirflowRuntime:
    """One installation in a folder of its own, started here; `url` is that of its API."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.environment = folder / "environment.json"
        self.environment.write_text("{}")
        (self.home / "dags").mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("airflow_app.py"), self.home / "dags" / "contract.py")
        (self.home / "simple_auth_manager_passwords.json.generated").write_text(json.dumps({USER: PASSWORD}))
        port = _find_free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.settings = _build_settings(self.home, self.environment, port)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._token = ""
        self.run("db", "migrate")
        self.start("api-server")
        self.start("scheduler")
        self.start("dag-processor")
        wait_until(self._has_dags)

    def run(self, *command: str, **variables: str) -> str:
        """Run a command of Airflow; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *command], check=False, cwd=self.home,
            env={**self.settings, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return done.stdout.decode()

    def read(self, *command: str) -> Any:
        """Run a command that prints JSON; return that."""
        printed = self.run(*command, "--output", "json").splitlines()
        return json.loads(next(line for line in printed if line.startswith("[{")))

    def start(self, name: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a component, which ends with this runtime at the latest."""
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", name], env={**self.settings, **variables}, cwd=self.home,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def _has_dags(self) -> bool:
        for process in self._processes:
            assert process.poll() is None, "a component of Airflow ended"
        with suppress(OSError):
            status, answer = self.ask("GET", "/api/v2/dags/mapped")
            return status == 200 and answer["dag_id"] == "mapped"
        return False

    def take_environment(self) -> dict[str, str]:
        """Let tasks take the variables of the test under way; return them."""
        taken = {name: value for name, value in os.environ.items() if name.startswith(VARIABLES)}
        self.environment.write_text(json.dumps(taken))
        return taken

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the API as its user; return the status and the JSON of the answer."""
        if not self._token:
            login = {"username": USER, "password": PASSWORD}
            self._token = self._send("POST", "/auth/token", login)[1]["access_token"]
        return self._send(method, path, body, {"Authorization": f"Bearer {self._token}"})

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body).encode()
        more = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(f"{self.url}{path}", content, more, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                read = answer.read()
                return answer.status, json.loads(read) if read else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def read_history(self) -> bytes:
        """Return all that Airflow wrote down: its database, and every log."""
        with closing(sqlite3.connect(self.home / "airflow.db")) as database:
            rows = "\n".join(database.iterdump())
        return b"\n".join([rows.encode(), read_files(self.home, "*.log")])

    def close(self) -> None:
        """End every process."""
        for process in self._processes:
            end(process)
        self._processes.clear()


def end(process: subprocess.Popen[bytes]) -> None:
    """End a component and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@functools.cache
def shared_runtime() -> AirflowRuntime:
    """Return the one runtime of this process, which takes seconds to start."""
    folder = Path(tempfile.mkdtemp(prefix="connector-airflow-"))
    runtime = AirflowRuntime(folder)
    atexit.register(_remove, runtime, folder, os.getpid())
    return runtime


def _remove(runtime: AirflowRuntime, folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        runtime.close()
        shutil.rmtree(folder, ignore_errors=True)


def _find_free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _build_settings(home: Path, environment: Path, port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{port}"
    settings = {
        "API__BASE_URL": url,
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__WORKERS": "1",
        "API_AUTH__JWT_SECRET": FERNET_KEY * 2,
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__FERNET_KEY": FERNET_KEY,
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__PARALLELISM": "4",
        "CORE__TEST_CONNECTION": "Enabled",
        "LOGGING__LOGGING_LEVEL": "DEBUG",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "1",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT),
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }
    named = {f"AIRFLOW__{name}": value for name, value in settings.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*VARIABLES, "AIRFLOW"))}
    places = {"AIRFLOW_HOME": str(home), "CONTRACT_ENVIRONMENT": str(environment)}
    return {**kept, **named, **places, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
