"""A Celery application: its broker and its results are folders below that which CONTRACT_FOLDER names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery, Task, shared_task

from connector.errors import ConnectorError
from connector.integrations.celery import retry_or_fail
from connector.integrations.work import run_once


@shared_task(bind=True, name="contract.on_event")
def read_user(self: Task, event: dict[str, Any]) -> str:
    """Read who an event is about; a task of a program's own."""
    try:
        user = run_once("getUser", {"userId": event["data"]["payload"]["object"]["id"]}, key=self.request.id)
    except ConnectorError as error:
        retry_or_fail(self, error)
    return user.data["email"]


def make_app(folder: Path) -> Celery:
    """Return the application of a folder."""
    for name in ("queue", "processed", "results"):
        (folder / name).mkdir(exist_ok=True)
    app = Celery("contract", broker="filesystem://", backend=f"file://{folder}/results")
    app.conf.update(
        imports=["connector.integrations.celery"],
        broker_transport_options={
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "processed_folder": str(folder / "processed"),
            "control_folder": str(folder / "processed"),
            "store_processed": True,
            "polling_interval": 0.05,
        },
        worker_prefetch_multiplier=1,
        task_acks_late=True,  # of the application; the task of an action has its own
        broker_connection_retry_on_startup=True,
    )
    app.set_default()
    return app


if folder := os.environ.get("CONTRACT_FOLDER"):
    app = make_app(Path(folder))
