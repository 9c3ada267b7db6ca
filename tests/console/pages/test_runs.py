"""The log of runs: uncertain ones on top, filters, a run with its redacted requests, and the call made again."""

from __future__ import annotations

import time

import pytest

from connector.runtime.run_log.run import Run

CANARY = "c4n4ry-run"


def kept(visitor, **facts):
    """Write a run into the log, and return it."""
    standard = {
        "connector": "zoom", "door": "cli", "connection": "", "action": "createMeeting", "outcome": "done",
        "request": "POST /users/me/meetings", "is_write": True, "started_at": time.time(), "elapsed": 0.5,
        "inputs": {"userId": "me", "topic": "Standup"},
    }  # fmt: skip
    run = Run(**{"id": f"{time.time_ns():x}", **standard, **facts})
    visitor.desk.log.write(run, wait=True)
    return run


def test_runs_of_uncertain_outcome_stand_on_top(visitor):
    kept(visitor, id="a1", outcome="uncertain", started_at=time.time() - 600)
    kept(visitor, id="a2")
    html = visitor.get("/runs").html
    assert html.index("/runs/a1") < html.index("/runs/a2")


def test_a_table_has_errors_where_a_run_has_one(visitor):
    kept(visitor, id="a1")
    assert ">Error</th>" not in visitor.get("/runs").html
    kept(visitor, id="a2", outcome="rejected", message="No.")
    assert ">Error</th>" in visitor.get("/runs").html


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"outcome": "rejected"}, ["b2"]),
        ({"action": "getUser"}, ["b3"]),
        ({"door": "cli", "since": "5m"}, ["b1", "b2"]),
        ({"connection": "work"}, ["b3"]),
    ],
)
def test_filters_select_runs(visitor, query, found):
    kept(visitor, id="b1")
    kept(visitor, id="b2", outcome="rejected", message="No.")
    kept(visitor, id="b3", action="getUser", connection="work", started_at=time.time() - 3600)
    html = visitor.get("/runs", **query).html
    assert [one for one in ("b1", "b2", "b3") if f"/runs/{one}" in html] == found


def test_a_time_that_is_none_is_told(visitor):
    seen = visitor.get("/runs", since="yesterday-ish")
    assert seen.status == 422
    assert "since" in seen.text


def test_a_run_shows_its_redacted_request_and_reply(visitor):
    visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": "Standup", "in.password": CANARY})
    [run] = visitor.desk.log.find()
    seen = visitor.get(f"/runs/{run.id}")
    assert "/users/me/meetings" in seen.text
    assert "join_url" in seen.text
    assert "curl -X POST" in seen.text
    assert "Not kept password" in seen.text
    assert CANARY not in seen.html


def test_a_run_is_made_again_with_its_inputs(visitor):
    visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": "Standup"})
    [first] = visitor.desk.log.find()
    seen = visitor.post(f"/runs/{first.id}/again")
    assert "Done" in seen.text
    assert 'value="Standup"' in seen.html
    assert [dict(run.inputs) for run in visitor.desk.log.find()] == [{"userId": "me", "topic": "Standup"}] * 2


def test_an_uncertain_write_is_made_again_only_after_a_yes(visitor):
    run = kept(visitor, outcome="uncertain")
    assert "may have been done already" in visitor.get(f"/runs/{run.id}").text
    assert visitor.post(f"/runs/{run.id}/again").status == 422
    assert len(visitor.desk.log.find()) == 1
    assert "Done" in visitor.post(f"/runs/{run.id}/again", {"confirmed": "yes"}).text


def test_what_was_not_kept_is_asked_for_again(visitor):
    run = kept(visitor, inputs={"userId": "me", "topic": "Standup", "password": "***"}, hidden_inputs=("password",))
    seen = visitor.post(f"/runs/{run.id}/again")
    assert seen.path == "/actions/createMeeting"
    assert "not kept" in seen.text
    assert 'value="Standup"' in seen.html
    assert "***" not in seen.html
    assert len(visitor.desk.log.find()) == 1


def test_a_console_that_only_reads_makes_no_write_again(visit):
    visitor = visit(read_only=True)
    run = kept(visitor)
    assert "Run again" not in visitor.get(f"/runs/{run.id}").text
    assert "only reads" in visitor.post(f"/runs/{run.id}/again").text
    assert len(visitor.desk.log.find()) == 1


def test_an_unknown_run_is_told(visitor):
    seen = visitor.get("/runs/nope")
    assert seen.status == 404
    assert "nope" in seen.text


def test_a_log_that_is_off_is_told(visit, monkeypatch):
    monkeypatch.setenv("CONNECTOR_RUNS", "off")
    assert "No runs are kept" in visit().get("/runs").text
