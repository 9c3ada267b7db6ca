"""What Airflow adds to the contract: killed workers, cleared tasks, mapped tasks, and what is left in XComs."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support.pace import wait_until
from support.servers import reply

from connector import errors

MEETING = {"userId": "me", "topic": "Standup"}
LAMP = "action: switch\nlabel: Switch\nsummary: A lamp.\nrequest: POST /switch\n"


def kill_task(engine, handle):
    """Kill the process of a task; the worker that watches it lives on."""
    os.kill(engine.read_task(handle)["pid"], signal.SIGKILL)


def kill_worker(engine, handle):
    """Kill the process of a task and the worker that watches it, as the end of a machine would."""
    task = engine.read_task(handle)["pid"]
    worker = int(Path(f"/proc/{task}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(worker, signal.SIGKILL)
    os.kill(task, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_task, kill_worker])
def test_a_write_during_which_the_worker_was_killed_is_uncertain_and_not_repeated(service, engine, kill):
    slow = service()
    slow.hold()
    airflow = engine()
    handle = airflow.start("createMeeting", MEETING)
    wait_until(lambda: slow.asked)
    kill(airflow, handle)
    slow.release()
    with pytest.raises(errors.TransportError) as caught:
        airflow.read_result(handle)
    assert (caught.value.outcome, caught.value.kind) == ("uncertain", "interrupted")
    assert airflow.read_task(handle)["try_number"] == 2
    assert len(slow.asked) == 1
    assert slow.list_topics() == ["Standup"]


def test_a_write_that_may_have_been_done_is_not_repeated_by_a_retry_policy_that_repeats_all(service, engine):
    dropping = service("drop-reply:1")
    airflow = engine()
    handle = airflow.start_run("contract_blind", {"action": "createMeeting", "given": MEETING})
    with pytest.raises(errors.TransportError) as caught:
        airflow.read_result(handle)
    assert caught.value.outcome == "uncertain"
    assert airflow.read_task(handle)["try_number"] == 3
    assert len(dropping.asked) == 1


def test_a_read_during_which_the_worker_was_killed_is_made_again(service, engine):
    slow = service()
    slow.hold()
    airflow = engine()
    handle = airflow.start("getUser", {"userId": "me"})
    wait_until(lambda: slow.asked)
    kill_task(airflow, handle)
    slow.release()
    assert airflow.read_result(handle)["data"]["email"] == "ada@example.com"
    assert [one.method for one in slow.asked] == ["GET", "GET"]


def test_a_person_who_clears_a_task_has_it_done_once_more(service, engine):
    dropping = service("drop-reply:1")
    airflow = engine()
    handle = airflow.start("createMeeting", MEETING)
    with pytest.raises(errors.TransportError):
        airflow.read_result(handle)
    for times in (2, 3):  # first an uncertain write, then one that was done
        airflow.clear(handle)
        wait_until(lambda times=times: airflow.read_task(handle)["try_number"] == times)
        assert airflow.read_result(handle)["data"]["topic"] == "Standup"
        assert dropping.list_topics() == ["Standup"] * times


def test_all_tries_of_a_task_have_one_idempotency_key_and_each_run_its_own(folder, server, engine, monkeypatch):
    connector = folder("idempotency: {to: header.Idempotency-Key}\n", {"switch": LAMP})
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")
    server.then(reply(429, {}, headers=[("Retry-After", "1")]))
    airflow = engine()
    runs = [airflow.start("switch", {}, folder=str(connector.folder)) for _ in range(2)]
    for run in runs:
        airflow.read_result(run)
    keys = [one.header("Idempotency-Key") for one in server.requests]
    assert len(keys) == 3
    assert set(keys) == {f"contract/{run.rpartition('/')[2]}/run/-1" for run in runs}


def test_xcoms_have_the_data_and_what_else_the_result_says_but_no_headers(service, engine):
    service("429:1")  # whose error is gone when the next try begins
    airflow = engine()
    handle = airflow.start("getUser", {"userId": "me"})
    assert airflow.wait_for_end(handle) == "success"
    assert airflow.read_xcom(handle, "return_value")["email"] == "ada@example.com"
    told = airflow.read_xcom(handle, "result")
    assert (told["status"], told["outcome"], told["attempts"]) == (200, "done", 1)
    assert {"headers", "debug", "data"} & set(told) == set()
    assert airflow.read_xcom(handle, "error") is None


def test_a_task_that_is_mapped_over_inputs_makes_one_call_for_each(service, engine):
    served = service("429:1")
    airflow = engine()
    handle = airflow.start_run("mapped", {})
    wait_until(lambda: airflow.runtime.ask("GET", handle)[1]["state"] in ("success", "failed"))
    assert sorted(served.list_topics()) == ["One", "Two"]
    assert sorted(one.status for one in served.asked) == [201, 201, 429]


def test_attempts_and_retries_are_two_names_for_one_limit():
    from airflow.sdk import DAG

    from connector.integrations.airflow.operator import ConnectorOperator

    def count(**options):
        with DAG("any", schedule=None, default_args=options.pop("default_args", {})):
            return ConnectorOperator(task_id="run", action="getUser", **options).retries

    assert count() == 4
    assert count(retries=0) == 0
    assert count(default_args={"retries": 2}) == 2
    assert count(default_args={"retries": 2}, attempts=1) == 0
    with pytest.raises(errors.UsageError, match="at least 1"):
        count(attempts=0)
