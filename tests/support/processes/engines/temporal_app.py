"""Workflows that run actions; as a program, a worker of a server's task queue that runs until it is killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from connector.integrations.temporal import run_action
from connector.integrations.temporal_chain import ChainPlugin

QUEUE = "contract"


@workflow.defn(name="contract.run")
class RunAction:
    """One action by the function for workflows."""

    @workflow.run
    async def run(self, action: str, given: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        return await run_action(action, given, **options)


@workflow.defn(name="contract.by_name")
class RunByName:
    """One action by the name of the activity, with Temporal's own retry policy, which never ends."""

    @workflow.run
    async def run(self, call: dict[str, Any], seconds: float) -> dict[str, Any]:
        return await workflow.execute_activity(
            "connector.run",
            call,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=timedelta(seconds=seconds),
        )


@workflow.defn(name="contract.local")
class RunLocally:
    """One action as a local activity."""

    @workflow.run
    async def run(self, call: dict[str, Any]) -> dict[str, Any]:
        return await workflow.execute_local_activity(
            "connector.run", call, start_to_close_timeout=timedelta(seconds=20)
        )


@workflow.defn(name="contract.on_event")
class ReadUser:
    """Read who an event is about; an action as a part of a larger workflow."""

    @workflow.run
    async def run(self, event: dict[str, Any]) -> str:
        user = await run_action("getUser", {"userId": event["data"]["payload"]["object"]["id"]})
        return user["data"]["email"]


WORKFLOWS = [RunAction, RunByName, RunLocally, ReadUser]


def make_worker(client: Client) -> Worker:
    """Return a worker of the task queue, with the sandbox for workflows."""
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=WORKFLOWS,
        plugins=[ChainPlugin()],
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),  # how long a killed worker is waited for
    )


async def _serve(address: str) -> None:
    await make_worker(await Client.connect(address)).run()


if __name__ == "__main__":  # ADDRESS
    asyncio.run(_serve(sys.argv[1]))
