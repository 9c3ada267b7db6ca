"""Flows that a worker serves to a Prefect server; as a program, the worker, which runs until it is ended."""

from __future__ import annotations

from typing import Any

from prefect import flow, serve
from prefect.runtime import flow_run

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


@flow(name="contract.retried", retries=1, persist_result=True)
def run_twice(calls: list[tuple[str, dict[str, Any]]], is_concurrent: bool = False) -> list[dict[str, Any]]:
    """Run actions, fail, and run them again."""
    if is_concurrent:
        results = [waiting.result() for waiting in [run_action.submit(*call) for call in calls]]
    else:
        results = [run_action(*call) for call in calls]
    if flow_run.run_count == 1:
        raise RuntimeError("what came after the actions failed")
    return results


if __name__ == "__main__":
    serve(*(one.to_deployment(DEPLOYMENT) for one in (run, read_user)), pause_on_shutdown=False)
