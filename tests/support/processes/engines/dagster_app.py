"""A Dagster code location: the op of an action as a job, and a sensor that starts a run for each event."""

from typing import Any

import dagster as dg

from connector.integrations.dagster import ConnectorResource, build_event_sensor, connector_run

EVENT_INTERVAL = 1  # seconds between evaluations of the sensor


class EventConfig(dg.Config):
    """Who an event is about."""

    user: str


@dg.op
def read_user(context: dg.OpExecutionContext, config: EventConfig, zoom: ConnectorResource) -> str:
    """Read who an event is about; an op of a program's own."""
    return zoom.run(context, "getUser", {"userId": config.user}).data["email"]


@dg.op(retry_policy=dg.RetryPolicy(max_retries=2))
def create_meeting(context: dg.OpExecutionContext, zoom: ConnectorResource) -> str:
    """Create a meeting, with a policy that repeats whatever fails; not what may have been done."""
    return zoom.run(context, "createMeeting", {"userId": "me", "topic": "Standup"}).data["topic"]


@dg.job(executor_def=dg.in_process_executor)
def run_action() -> None:
    """Run an action in the process of the run."""
    connector_run()


@dg.job
def create_with_policy() -> None:
    """Create a meeting in a process of its own, whose end the retry policy answers with another attempt."""
    create_meeting()


@dg.job(executor_def=dg.in_process_executor)
def on_event() -> None:
    """Handle an event."""
    read_user()


def build_config(event: dict[str, Any]) -> dg.RunConfig:
    """Return the configuration of the run for an event."""
    return dg.RunConfig(ops={"read_user": EventConfig(user=event["data"]["payload"]["object"]["id"])})


defs = dg.Definitions(
    jobs=[run_action, create_with_policy, on_event],
    sensors=[build_event_sensor("events", on_event, build_config, pattern="meeting.*", interval=EVENT_INTERVAL)],
    resources={"zoom": ConnectorResource()},
)
