"""Runs of deployments that events start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from prefect.client.orchestration import get_client
from prefect.deployments.flow_runs import arun_deployment, run_deployment

from connector.integrations.work import describe_event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from prefect.client.schemas.objects import FlowRun

    from connector.core.webhook.event import Event


def start_for_event(event: Event, deployment: str | UUID, parameters: Mapping[str, Any] | None = None) -> FlowRun:
    """Start a run of a deployment (`"flow/deployment"`) for an event; the same event again is the same run.

    The flow gets the event as its parameter `event`, as JSON-safe data, beside `parameters`. The key of the event is
    the idempotency key of the run. This does not wait for the run, which begins on a worker.
    """
    description = {**_describe_run(event, parameters), "_sync": True}  # in an event loop too, rather than a coroutine
    return cast("FlowRun", run_deployment(deployment, **description))


async def start_for_event_async(
    event: Event, deployment: str | UUID, parameters: Mapping[str, Any] | None = None
) -> FlowRun:
    """Do the same as `start_for_event` in an event loop."""
    async with get_client() as api:
        return await arun_deployment(deployment, client=api, **_describe_run(event, parameters))


def _describe_run(event: Event, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "parameters": {**(parameters or {}), "event": describe_event(event)},
        "idempotency_key": event.key,
        "timeout": 0,  # seconds to wait for its end
        "as_subflow": False,
    }
