"""A run that failed and is executed again: by a person, by Dagster, or after its processes were killed."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager

import pytest
from support.pace import wait_until
from support.servers import reply

from connector import errors

dg = pytest.importorskip("dagster", reason="dagster is not installed: pip install '.[dagster]'")

from support.processes.engines import dagster_app  # noqa: E402  after the check
from support.processes.engines.dagster_engine import DagsterEngine  # noqa: E402

AUTOMATIC = {"dagster/retry_number": "1"}  # of a run that Dagster itself started
MEETING = {"userId": "me", "topic": "Standup"}
SWITCH = "action: switch\nlabel: Switch\nsummary: A lamp.\nrequest: POST /switch\n"


def execute(instance, call=None, *, again=None, tags=None):
    """Execute an action in this process, or a run of it again; return the run's id and its error."""
    config = None if call is None else {"ops": {"connector_run": {"config": call}}}
    options = None if again is None else dg.ReexecutionOptions(again)
    job = dg.reconstructable(dagster_app.run_action)
    with dg.execute_job(
        job, instance, run_config=config, reexecution_options=options, tags=tags, raise_on_error=False
    ) as result:
        told = [event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure]
        return result.run_id, errors.from_dict(told[0].metadata["error"].value) if told else None


@contextmanager
def start_engine(folder, *, retries_failures):
    """Start Dagster in a folder; it retries each run once that a killed process ended, or that failed at all."""
    folder.mkdir()
    engine = DagsterEngine(folder, retries_failures=retries_failures)
    try:
        yield engine
    finally:
        engine.close()


def find_process(engine, run_id, event_type):
    """Return the process that an event of a run names."""
    for entry in reversed(engine.instance.all_logs(run_id, of_type=event_type)):
        pid = entry.dagster_event.engine_event_data.metadata.get("pid")
        if pid is not None:
            return int(pid.value)
    return None


def kill(engine, run_id, event_type):
    """Kill the process that an event of a run names."""
    wait_until(lambda: find_process(engine, run_id, event_type))
    os.kill(find_process(engine, run_id, event_type), signal.SIGKILL)


def find_retry(engine, run_id):
    """Wait for the run that Dagster starts because another one failed, and for its end; return its id."""

    children = dg.RunsFilter(tags={"dagster/parent_run_id": run_id})
    wait_until(lambda: engine.instance.get_run_by_id(run_id).is_finished)
    wait_until(lambda: engine.instance.get_runs(children))
    wait_until(lambda: engine.instance.get_runs(children)[0].is_finished)
    return engine.instance.get_runs(children)[0].run_id


def test_what_may_have_been_done_is_not_repeated_by_dagster_but_by_a_person_who_was_told(service, instance):
    dropping = service("drop-reply:1")
    first, error = execute(instance, {"action": "createMeeting", "inputs": MEETING})
    assert error.outcome == "uncertain"
    automatic, error = execute(instance, again=first, tags=AUTOMATIC)
    assert (error.outcome, error.kind) == ("uncertain", "interrupted")
    assert len(dropping.asked) == 1
    _, error = execute(instance, again=automatic)
    assert error is None
    assert len(dropping.asked) == 2


def test_what_was_refused_is_sent_when_the_run_is_executed_again(service, instance):
    refusing = service("429:1")
    call = {"action": "createMeeting", "inputs": MEETING, "attempts": 1}
    first, error = execute(instance, call)
    assert isinstance(error, errors.RateLimited)
    _, error = execute(instance, again=first, tags=AUTOMATIC)
    assert error is None
    assert [one.status for one in refusing.asked] == [429, 201]


def test_a_run_that_succeeded_is_other_work_when_it_is_executed_again(service, instance):
    served = service()
    first, _ = execute(instance, {"action": "createMeeting", "inputs": MEETING})
    _, error = execute(instance, again=first)
    assert error is None
    assert len(served.asked) == 2


def test_a_failed_run_that_is_executed_again_has_the_same_keys(folder, server, instance, monkeypatch):
    connector = folder("idempotency: {to: header.Idempotency-Key}\n", {"switch": SWITCH})
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")
    server.then(reply(422, {}))
    first, _ = execute(instance, {"action": "switch", "folder": str(connector.folder)})
    second, _ = execute(instance, again=first)
    third, _ = execute(instance, again=second)
    keys = [one.header("Idempotency-Key") for one in server.requests]
    assert keys == [f"{run}:connector_run:1" for run in (first, first, third)]


def test_a_write_whose_run_was_killed_is_told_uncertain_by_the_run_that_follows(service, tmp_path):
    slow = service()
    slow.hold()
    with start_engine(tmp_path / "engine", retries_failures=False) as engine:
        run = engine.start("createMeeting", MEETING)
        wait_until(lambda: slow.asked)
        kill(engine, run, dg.DagsterEventType.ENGINE_EVENT)
        slow.release()
        error = engine.read_error(find_retry(engine, run))
    assert (error.outcome, error.kind) == ("uncertain", "interrupted")
    assert len(slow.asked) == 1
    assert slow.list_topics() == ["Standup"]


def test_a_read_whose_run_was_killed_is_made_again(service, tmp_path):
    slow = service()
    slow.hold()
    with start_engine(tmp_path / "engine", retries_failures=False) as engine:
        run = engine.start("getUser", {"userId": "me"})
        wait_until(lambda: slow.asked)
        kill(engine, run, dg.DagsterEventType.ENGINE_EVENT)
        slow.release()
        result = engine.read_result(find_retry(engine, run))
    assert result["data"]["email"] == "ada@example.com"
    assert len(slow.asked) == 2


def test_a_write_whose_step_was_killed_is_told_uncertain_by_the_attempt_and_the_run_that_follow(service, tmp_path):
    slow = service("429:1")
    with start_engine(tmp_path / "engine", retries_failures=True) as engine:
        run = engine.start_job("create_with_policy", {})
        wait_until(lambda: slow.asked)
        slow.hold()
        wait_until(lambda: len(slow.asked) == 2)
        kill(engine, run, dg.DagsterEventType.STEP_WORKER_STARTED)
        slow.release()
        told = [engine.read_error(find_retry(engine, run)), engine.read_error(run)]
    assert [(error.outcome, error.kind) for error in told] == [("uncertain", "interrupted")] * 2
    assert [one.status for one in slow.asked] == [429, 201]
    assert slow.list_topics() == ["Standup"]
