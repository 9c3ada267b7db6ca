"""When Prefect runs a task again, and what it is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from support.pace import wait_until
from support.processes.engines import OPEN_CLIENTS

from connector import errors
from connector.integrations.work import run_once

prefect = pytest.importorskip("prefect", reason="prefect is not installed: pip install '.[prefect]'")
pytestmark = OPEN_CLIENTS
MEETING = {"userId": "me", "topic": "Standup"}


def test_an_uncertain_write_is_not_repeated_whatever_retries_a_program_asks_prefect_for(service, app):
    dropping = service("drop-reply:1")
    stubborn = app.run_action.with_options(retries=3, retry_condition_fn=lambda *_: True, retry_delay_seconds=0)

    @prefect.flow
    def persist():
        return stubborn("createMeeting", MEETING)

    with pytest.raises(errors.TransportError) as caught:
        persist()
    assert caught.value.outcome == "uncertain"
    assert len(dropping.asked) == 1


def test_a_flow_of_an_event_loop_runs_actions_too(service, app):
    served = service("429:1")

    @prefect.flow
    async def create():
        meeting = app.run_action("createMeeting", MEETING)
        return [meeting["status"], app.run_action.submit("getUser", {"userId": "me"}).result()["status"]]

    assert asyncio.run(create()) == [201, 200]
    assert [one.status for one in served.asked] == [429, 201, 200]


def test_prefect_itself_waits_until_the_moment_that_the_error_names(service, app, api):
    refusing = service("429:1", retry_after=2)
    state = app.run.fn("getUser", {"userId": "me"}, {"return_state": True})
    history = []

    def read_history():  # the server records states in no order, so the last of a run may come before others
        told = api.read_task_run_states(state.state_details.task_run_id)
        history[:] = sorted(told, key=lambda one: one.timestamp)
        return {"Retrying", "Completed"} <= {one.name for one in history}

    wait_until(read_history)
    assert [one.name for one in history if one.name != "Pending"] == [
        "Running",
        "AwaitingRetry",
        "Retrying",
        "Completed",
    ]
    (waiting,) = [one for one in history if one.name == "AwaitingRetry"]
    refused, accepted = refusing.asked
    assert (
        abs((waiting.state_details.scheduled_time - datetime.fromtimestamp(refused.at, UTC)).total_seconds() - 2) < 0.5
    )
    assert accepted.at - refused.at >= 1.9


def test_a_task_of_a_programs_own_is_run_again_as_its_error_says(service, face):
    dropping = service("429:1", "drop-reply:1")

    @prefect.task(**face.RETRIES)
    def create():
        return run_once("createMeeting", MEETING).status

    with pytest.raises(errors.TransportError) as caught:
        create()
    assert caught.value.outcome == "uncertain"
    assert len(dropping.asked) == 2
