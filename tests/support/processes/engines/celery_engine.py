"""Celery with a worker of two processes, on a Redis of its own."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from support.pace import PATIENCE
from support.processes.engines.private_redis import PrivateRedis
from support.processes.files import read_files

if TYPE_CHECKING:
    from pathlib import Path

    from connector import Event

_BODY = re.compile(rb'"body": "([A-Za-z0-9+/=]+)"')  # of a message in Redis


class CeleryEngine:
    """One application with its worker, started here and ended with it."""

    def __init__(self, folder: Path) -> None:
        from support.processes.engines.celery_app import make_app

        self.folder = folder
        self._redis = PrivateRedis(folder)
        self.app = make_app(self._redis.url)
        self._log = (folder / "worker.log").open("ab")
        self.start_worker()

    def start_worker(self, visibility_timeout: int = 3600) -> None:
        """Start a worker: a process that receives, and two that work.

        It delivers again what another has held for `visibility_timeout` seconds without an acknowledgement.
        """
        settings = {"CONTRACT_REDIS": self._redis.url, "CONTRACT_VISIBILITY_TIMEOUT": str(visibility_timeout)}
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "support.processes.engines.celery_app", "worker", "--concurrency", "2",
             "--loglevel", "DEBUG", "--without-gossip", "--without-mingle", "--without-heartbeat"],
            env={**os.environ, **settings, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=self._log, stderr=subprocess.STDOUT, cwd=self.folder, start_new_session=True,
        )  # fmt: skip

    def kill_worker(self) -> None:
        """End the worker with its processes, as the machine's end would."""
        os.killpg(self._worker.pid, signal.SIGKILL)
        self._worker.wait()

    def start(self, action: str, given: dict[str, Any], **options: Any) -> Any:
        """Start an action; return its handle."""
        from connector.integrations.celery import run_action

        return run_action.apply_async(args=(action, given), kwargs=options)

    def read_result(self, handle: Any) -> dict[str, Any]:
        """Wait for a result. Raises its ConnectorError."""
        from connector.integrations.celery import TaskFailure

        try:
            return handle.get(timeout=PATIENCE)
        except TaskFailure as failure:
            raise failure.error from None

    def cancel(self, handle: Any) -> None:
        """Revoke what waits for its next attempt."""
        handle.revoke()

    def start_for_event(self, event: Event) -> Any:
        """Start what an event asks for."""
        from connector.integrations.celery import start_for_event

        return start_for_event(event, self.app.tasks["contract.on_event"])

    def read_history(self) -> bytes:
        """Return every write that Redis was sent, the messages among them decoded, and the log of the worker."""
        written = read_files(self.folder, "*.aof")
        messages = [base64.b64decode(body) for body in _BODY.findall(written)]
        return b"\n".join((written, *messages, (self.folder / "worker.log").read_bytes()))

    def close(self) -> None:
        """End the worker and Redis; a warm shutdown takes seconds."""
        self.kill_worker()
        self._log.close()
        self.app.close()
        self._redis.close()


def start_engine(folder: Path, database: str) -> CeleryEngine:
    """Start an application with a worker."""
    return CeleryEngine(folder)
