"""Events that are reported to an instance: one run for each, also when a report comes twice or out of order."""

from __future__ import annotations

import json

import pytest
from support.pace import wait_until

from connector.core.webhook.event import Event

dg = pytest.importorskip("dagster", reason="dagster is not installed: pip install '.[dagster]'")

from connector.integrations.dagster import build_event_sensor, report_event  # noqa: E402  after the check
from connector.integrations.dagster import events as face  # noqa: E402


@dg.op(config_schema={"user": str})
def greet(context):
    return context.op_config["user"]


@dg.job
def welcome():
    greet()


def build_config(event):
    return {"ops": {"greet": {"config": {"user": event["subject"]}}}}


def build_event(key, name="user.created", subject="ada"):
    data = {"event": name, "payload": {"object": {"id": subject}}}
    return Event("webhook", name, None, None, data["payload"]["object"], data, b"", key, subject)


def evaluate(sensor, instance, cursor=None):
    """Evaluate a sensor once; return the keys of the runs that it asks for, and its cursor."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    data = sensor.evaluate_tick(context)
    return [request.run_key for request in data.run_requests], data.cursor


@pytest.fixture
def sensor():
    return build_event_sensor("welcomes", welcome, build_config, pattern="user.*")


def test_each_event_that_matches_is_one_run(instance, sensor):
    for event in (build_event("1"), build_event("2", "meeting.started"), build_event("3"), build_event("1")):
        report_event(event, instance)
    keys, cursor = evaluate(sensor, instance)
    assert keys == ["1", "3"]
    assert evaluate(sensor, instance, cursor)[0] == []
    report_event(build_event("4", subject="grace"), instance)
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))
    (request,) = data.run_requests
    assert (request.run_key, request.tags["connector/event"]) == ("4", "user.created")
    assert request.run_config == {"ops": {"greet": {"config": {"user": "grace"}}}}


def test_more_events_than_one_evaluation_takes_are_read_by_the_next(instance, sensor, monkeypatch):
    monkeypatch.setattr(face, "MAX_EVENTS", 4)
    for number in range(10):
        report_event(build_event(str(number)), instance)
    cursor, read = None, []
    for _ in range(3):
        keys, cursor = evaluate(sensor, instance, cursor)
        read.append(keys)
    assert read == [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"]]


def test_an_event_that_is_seen_late_is_not_lost(instance, sensor):
    for key in ("1", "2", "3"):
        report_event(build_event(key), instance)
    _, cursor = evaluate(sensor, instance)
    position = json.loads(cursor)
    first = min(position["read"], key=int)  # as if its transaction had ended after that of the others
    del position["read"][first]
    keys, cursor = evaluate(sensor, instance, json.dumps(position))
    assert keys == ["1"]
    assert evaluate(sensor, instance, cursor)[0] == []


def test_a_new_sensor_begins_with_the_latest_events(instance):
    report_event(build_event("1"), instance)
    begun = build_event_sensor("begun", welcome, build_config, look_back=-face._OVERLAP)
    assert evaluate(begun, instance)[0] == []
    looking_back = build_event_sensor("looking_back", welcome, build_config)
    assert evaluate(looking_back, instance)[0] == ["1"]


def test_a_report_that_comes_twice_starts_one_run_of_the_daemon(service, tmp_path):
    from support.processes.engines.dagster_engine import start_engine

    read = service()
    (tmp_path / "engine").mkdir()
    engine = start_engine(tmp_path / "engine", "SQLite")
    try:
        engine.start_for_event(build_event("1", "meeting.started", "me"))
        wait_until(lambda: len(read.asked) == 1)
        engine.start_for_event(build_event("1", "meeting.started", "me"))
        engine.start_for_event(build_event("2", "meeting.started", "last"))
        wait_until(lambda: len(read.asked) >= 2)
        keys = sorted(run.tags["dagster/run_key"] for run in engine.instance.get_runs())
    finally:
        engine.close()
    assert keys == ["1", "2"]
    assert [one.path.rpartition("/")[2] for one in read.asked] == ["me", "last"]
