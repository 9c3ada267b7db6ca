"""Flows that a worker serves to a Prefect server; as a program, the worker, which runs until it is ended."""

from __future__ import annotations

from typing import Any

from prefect import flow, serve

from connector.integrations.prefect import run_action

DEPLOYMENT = "contract"


@flow(name="contract.run", persist_result=True)
def run(action: str, given: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Run an action."""
    return run_action(action, given, **options)


@flow(name="contract.on_event")
def read_user(event: dict[str, Any]) -> str:
    """Read who an event is about."""
    return run_action("getUser", {"userId": event["data"]["payload"]["object"]["id"]})["data"]["email"]


if __name__ == "__main__":
    serve(*(one.to_deployment(DEPLOYMENT) for one in (run, read_user)), pause_on_shutdown=False)
