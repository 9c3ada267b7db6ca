"""Celery with a worker of two processes, over a broker and a result backend made of files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from connector import Event

PATIENCE = 60.0  # seconds, for what takes a few


class CeleryEngine:
    """One application with its worker, started here and ended with it."""

    def __init__(self, folder: Path) -> None:
        from support.processes.engines.celery_app import make_app

        self.folder = folder
        self.app = make_app(folder)
        self._log = (folder / "worker.log").open("wb")
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "support.processes.engines.celery_app", "worker", "--concurrency", "2",
             "--loglevel", "DEBUG", "--without-gossip", "--without-mingle", "--without-heartbeat"],
            env={**os.environ, "CONTRACT_FOLDER": str(folder), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=self._log, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
        )  # fmt: skip

    def start(self, action: str, given: dict[str, Any], **options: Any) -> Any:
        """Start an action; return its handle."""
        from connector.integrations.celery import run_action

        return run_action.apply_async(args=(action, given), kwargs=options)

    def read_result(self, handle: Any) -> dict[str, Any]:
        """Wait for a result. Raises its ConnectorError."""
        from connector.integrations.celery import TaskFailure

        try:
            return handle.get(timeout=PATIENCE, interval=0.05)
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
        """Return all that the engine wrote down: messages, results and the log."""
        return b"\n".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())

    def close(self) -> None:
        """End the worker and its processes; a warm shutdown takes seconds."""
        os.killpg(self._worker.pid, signal.SIGKILL)
        self._worker.wait()
        self._log.close()
        self.app.close()


def start_engine(folder: Path, database: str) -> CeleryEngine:
    """Start an application with a worker."""
    return CeleryEngine(folder)
