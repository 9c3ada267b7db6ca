"""A Celery application: its broker and its results are in the Redis that CONTRACT_REDIS names."""

from __future__ import annotations

import os
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


@shared_task(name="contract.repeated")
def read_late(user_id: str) -> str:
    """Read a user in a task that is acknowledged when it is done, as the application says."""
    return run_once("getUser", {"userId": user_id}).data["email"]


def make_app(url: str) -> Celery:
    """Return the application of a Redis."""
    app = Celery("contract", broker=url, backend=url)
    app.conf.update(
        imports=["connector.integrations.celery", "support.processes.engines.celery_app"],
        broker_transport_options={
            "visibility_timeout": int(os.environ.get("CONTRACT_VISIBILITY_TIMEOUT", "3600")),
            "unacked_restore_interval": 1,  # seconds between two looks at what nobody acknowledged
            "unacked_restore_throttle": 1,  # and each of them counts
        },
        worker_prefetch_multiplier=1,
        task_acks_late=True,  # of the application; the task of an action has its own
        result_extended=True,
        broker_connection_retry_on_startup=True,
    )
    app.set_default()
    return app


if url := os.environ.get("CONTRACT_REDIS"):
    app = make_app(url)
