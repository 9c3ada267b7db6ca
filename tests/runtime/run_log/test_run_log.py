"""The log keeps each call with what came of it, without secrets, and never stands in a call's way."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import private_postgres
from support.servers import GivenClock

from connector import Client, Connector, errors
from connector.core.redaction import Redactor
from connector.core.webhook.event import Event
from connector.runtime.run_log.run import Run, RunQuery
from connector.runtime.run_log.run_log import RunLog
from connector.runtime.webhooks.handlers import HandlerRegistry
from connector.sandbox.http.faults import parse_fault
from connector.sandbox.sandbox import Sandbox

ROOT = Path(__file__).parents[3]
SECRET = "canary-passcode"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return f"sqlite:///{tmp_path / 'log' / 'runs.sqlite'}" if request.param == "sqlite" else private_postgres.fresh()


@pytest.fixture
def zoom():
    return Connector.open()


@pytest.fixture
def sandbox(zoom):
    return Sandbox(zoom)


def open_client(sandbox, log, **options):
    return Client(sandbox.connector, sandbox.connection, http=sandbox.http, observe=log.observe("cli", **options))


def run_of(**facts):
    known = {
        "id": "1a2b3c", "connector": "zoom", "door": "cli", "connection": "work", "action": "createMeeting",
        "request": "POST /users/me/meetings", "is_write": True, "started_at": time.time(),
        "outcome": "done",
    }  # fmt: skip
    return Run(**{**known, **facts})


def test_each_call_is_kept_with_what_came_of_it(sandbox, url):
    with RunLog(url) as log:
        client = open_client(sandbox, log, has_trace=True)
        meeting = client.run("createMeeting", {"userId": "me", "topic": "Standup"}).data
        with pytest.raises(errors.NotFound):
            client.run("getMeeting", {"meeting_id": "99"})
        client.run("getMeeting", {"meetingId": str(meeting["id"])})
    with RunLog(url) as log:
        found, missing, created = log.find()
    assert [run.action for run in (created, missing, found)] == ["createMeeting", "getMeeting", "getMeeting"]
    assert (created.request, created.outcome, created.status, created.is_write) == (
        "POST /users/me/meetings", "done", 201, True,
    )  # fmt: skip
    assert created.inputs == {"userId": "me", "topic": "Standup"}
    assert (missing.outcome, missing.status, missing.code, missing.error) == ("rejected", 404, "3001", "NotFound")
    assert missing.inputs == {"meetingId": "99"}, "by its key, whatever spelling was given"
    assert [entry["what"] for entry in missing.trace] == ["send"]
    assert created.elapsed >= 0
    assert created.door == "cli"
    json.dumps(created.to_dict())


def test_no_secret_is_kept(sandbox, url):
    with RunLog(url) as log:
        client = open_client(sandbox, log, has_trace=True)
        client.run("createMeeting", {"userId": "me", "topic": f"Ours: {SECRET}", "password": SECRET[:10]})
        (run,) = log.find()
    assert run.inputs["password"] == "***"
    assert "password" in run.hidden_inputs
    assert SECRET[:10] not in json.dumps(run.to_dict())


def test_an_uncertain_write_comes_first_and_a_filter_finds_it(zoom, url):
    sandbox = Sandbox(zoom, None, (parse_fault("drop-reply"),))
    with RunLog(url) as log:
        client = open_client(sandbox, log)
        with pytest.raises(errors.ConnectorError):
            client.run("createMeeting", {"userId": "me", "topic": "Standup"})
        client.run("listMeetings", {"userId": "me"})
        runs = log.find()
        assert [(run.action, run.outcome) for run in runs] == [("createMeeting", "uncertain"), ("listMeetings", "done")]
        assert [run.action for run in log.find(RunQuery(outcome="uncertain"))] == ["createMeeting"]
        assert [run.action for run in log.find(RunQuery(failed=True))] == ["createMeeting"]
        assert [run.action for run in log.find(RunQuery(action="listMeetings", limit=1))] == ["listMeetings"]
        assert log.find(RunQuery(since=time.time() + 60)) == []
        assert log.get(runs[0].id) == runs[0]
        assert log.get(runs[0].id[-8:]) == runs[0], "the end of an id is enough"
        assert log.get("nothing") is None


def test_a_write_whose_process_was_killed_is_found_as_uncertain(tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    script = f"""
import os, signal
from connector import Client
from connector.runtime.run_log.run_log import RunLog
from connector.sandbox.sandbox import Sandbox
from connector import Connector

class Killed:
    def send(self, *args, **options):
        os.kill(os.getpid(), signal.SIGKILL)
    def close(self):
        pass

sandbox = Sandbox(Connector.open())
log = RunLog({url!r})
Client(sandbox.connector, sandbox.connection, http=Killed(), observe=log.observe("cli", is_durable=True)).run(
    "createMeeting", {{"userId": "me", "topic": "Standup"}}
)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    with RunLog(url) as log:
        (run,) = log.find()
    assert (run.action, run.outcome) == ("createMeeting", "uncertain")
    assert "process ended" in run.error


def test_an_interrupted_call_is_kept_with_the_request_that_had_no_reply(sandbox, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sandbox.http, "send", interrupt)
    with RunLog(f"sqlite:///{tmp_path / 'runs.sqlite'}") as log:
        with open_client(sandbox, log, has_trace=True) as client, pytest.raises(KeyboardInterrupt):
            client.run("createMeeting", {"userId": "me"})
        log.flush()
        run = log.get(log.find()[0].id)
    assert (run.outcome, run.error, run.attempts) == ("uncertain", "KeyboardInterrupt", 1)
    (sent,) = [entry for entry in run.trace if entry["what"] == "send"]
    assert sent["request"]["method"] == "POST"
    assert sent["failure"] == {
        "kind": "interrupted", "sent": "maybe", "message": "interrupted before the reply arrived",
    }  # fmt: skip


def test_a_write_under_way_is_told_as_running(url):
    with RunLog(url) as log:
        log.write(run_of(outcome="running", process=f"{os.uname().nodename} {os.getpid()}"), wait=True)
        assert [run.outcome for run in log.find()] == ["running"]


def test_old_runs_go(url):
    clock = GivenClock(100 * 86_400.0)
    with RunLog(url, keep_days=30, clock=clock) as log:
        log.write(run_of(id="old", started_at=60 * 86_400.0), wait=True)
        log.write(run_of(id="new", started_at=90 * 86_400.0), wait=True)
        clock.passed += 7200
        log.write(run_of(id="newer", started_at=99 * 86_400.0), wait=True)
        assert [run.id for run in log.find()] == ["newer", "new"]


def test_a_log_that_cannot_be_written_fails_no_call_and_is_told_once(sandbox, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    with RunLog(f"sqlite:///{tmp_path / 'file' / 'runs.sqlite'}") as log, caplog.at_level(logging.WARNING):
        client = open_client(sandbox, log, is_durable=True)
        for _ in range(3):
            result = client.run("createMeeting", {"userId": "me", "topic": "Standup"})
            assert result.outcome == "done"
            assert result.warnings == ()
    assert [record.name for record in caplog.records] == ["connector.runs"]


def test_a_forked_child_writes_its_own_runs(tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    with RunLog(url) as log:
        log.write(run_of(id="parent"), wait=True)
        child = os.fork()
        if child == 0:
            log.write(run_of(id="child"), wait=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert {run.id for run in log.find()} == {"parent", "child"}


@pytest.mark.parametrize("wrong", ["runs.sqlite", "sqlite:///", "mysql://host/runs", "sqlite:///x?mode=ro"])
def test_another_url_is_refused(wrong):
    with pytest.raises(errors.UsageError, match="supported database"):
        RunLog(wrong)


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "thread"])
def test_calls_of_the_handler_of_an_event_come_through_the_door_of_webhooks(sandbox, tmp_path, is_async):
    with RunLog(f"sqlite:///{tmp_path}/runs.sqlite") as log:
        client = open_client(sandbox, log)

        def handle(_):
            client.run("getUser", {"userId": "me"})

        async def handle_in_task(_):
            client.run("getUser", {"userId": "me"})

        handlers = HandlerRegistry(Redactor())
        handlers.add("*", handle_in_task if is_async else handle)
        event = Event("events", "user.created", None, None, {}, {}, b"{}", "key", "subject")
        assert asyncio.run(handlers.call(event, 5)) == ""
        client.run("getUser", {"userId": "me"})
        assert [run.door for run in log.find()] == ["cli", "webhook"]


@pytest.mark.parametrize("text", ["a", "\x7f\x00", "é \U0001f600", "\ud83d", 10**30, 0.1, [1, {"a": None}]])
def test_details_are_kept_in_ascii_and_come_back_as_they_were(text):
    run = run_of(inputs={"topic": text})
    row = run.to_row()
    assert all(value.isascii() for value in row if isinstance(value, str))
    assert Run.from_row(row) == run


def test_a_text_of_several_lines_is_kept_whole_so_that_the_call_can_be_made_again(sandbox, url):
    agenda = "First:\n\tone\u00a0thing"
    with RunLog(url) as log:
        open_client(sandbox, log).run("createMeeting", {"userId": "me", "topic": "t", "agenda": agenda})
        [run] = log.find()
    assert (run.inputs["agenda"], run.hidden_inputs) == (agenda, ())
