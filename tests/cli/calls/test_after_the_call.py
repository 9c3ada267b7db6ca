"""Whatever fails after a call tells the call's own outcome: the query, the output, the pipe, a mistake of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support import servers

from connector.cli.bulk.report import BulkReporter
from connector.cli.calls.trace import TraceCollector
from connector.cli.output.printer import ResultWriter
from connector.core.response.parser import ResponseParser
from connector.errors import StoreError
from connector.runtime.http.httpx.transport import HttpcoreTransport

CREATED = servers.reply(201, {"id": 1, "topic": "Standup"})
CREATE = ("run", "createMeeting", "--user-id", "me", "--topic", "Standup")
READ = ("run", "getUser", "--user-id", "me")


@pytest.fixture
def call(here, server):
    server.always(CREATED)
    return lambda *words: here(*words, "--base-url", server.url, ZOOM_ACCESS_TOKEN="token-1")


@pytest.mark.parametrize(
    "query", ["topic > `5`", "sum(topic)", "abs(topic)", "sort_by(@, &id)", "join(`1`, topic)", "map(&a, topic)", "length(id)", "max_by(@, &id)"],
)  # fmt: skip
def test_a_query_that_does_not_fit_comes_after_a_call_that_is_done(call, server, query):
    done = call(*CREATE, "--query", query)
    assert (done.code, server.count) == (2, 1)
    error = done.data["error"]
    assert (error["type"], error["outcome"], error["retryable"]) == ("UsageError", "done", False)
    assert error["attempts"] == 1
    assert done.data["result"]["data"]["topic"] == "Standup"
    assert "outcome: done" in done.err
    assert "mistake" not in done.err


@pytest.mark.parametrize(
    "query",
    [
        "topic >",
        "nope(@)",
        "length(a, b)",
        "length()",
        "join(a)",
        "sum(nope(@))",
        "not_null()",
        "(" * 3000 + "a" + ")" * 3000,
    ],
)
def test_a_query_that_can_never_be_right_is_told_before_the_call(call, server, query):
    done = call(*CREATE, "--query", query)
    assert (done.code, server.count) == (2, 0)
    assert done.data["error"]["outcome"] == "not_sent"
    assert done.data["error"]["problems"][0]["field"] == "--query"


def broken(*_args, **_more):
    raise TypeError("canary")


def test_a_mistake_while_a_result_is_printed_says_that_the_call_is_done(call, server, monkeypatch):
    monkeypatch.setattr(ResultWriter, "write_result", broken)
    for words in (CREATE, READ):
        done = call(*words)
        assert (done.code, done.data["error"]["outcome"]) == (1, "done")
        assert "outcome: done" in done.err
    assert "canary" not in done.out + done.err


def test_a_mistake_while_a_reply_is_read_says_what_the_status_says(call, server, monkeypatch):
    monkeypatch.setattr(ResponseParser, "parse", broken)
    assert call(*CREATE).data["error"]["outcome"] == "done"
    for status, code, outcome in (
        (400, 1, "rejected"),
        (500, 5, "uncertain"),
        (302, 5, "uncertain"),
        (408, 5, "uncertain"),
    ):
        server.always(servers.reply(status, {}))
        done = call(*CREATE)
        assert (done.code, done.data["error"]["outcome"]) == (code, outcome)
    assert call(*READ).data["error"]["outcome"] == "rejected", "a read changes nothing"


def test_a_mistake_while_a_write_is_sent_is_uncertain(call, monkeypatch):
    monkeypatch.setattr(HttpcoreTransport, "send", broken)
    done = call(*CREATE)
    assert (done.code, done.data["error"]["outcome"]) == (5, "uncertain")
    done = call(*READ)
    assert (done.code, done.data["error"]["outcome"]) == (1, "rejected")


def test_a_mistake_in_one_call_of_a_file_leaves_the_results_before_it(call, server, monkeypatch, tmp_path):
    (tmp_path / "call.yaml").write_text(
        "action: getUser\ninputs: {userId: one}\n---\naction: createMeeting\ninputs: {userId: me}\n"
    )
    original = ResponseParser.parse
    monkeypatch.setattr(
        ResponseParser,
        "parse",
        lambda self, request, reply: original(self, request, reply) if request.method == "GET" else broken(),
    )
    done = call("run", "-f", str(tmp_path / "call.yaml"))
    assert done.data[0]["outcome"] == "done"
    assert done.data[1]["error"]["outcome"] == "done", "the service said 201"


def test_a_record_that_cannot_be_saved_says_that_the_call_is_done(call, monkeypatch, tmp_path):
    def full(self):
        raise StoreError("x.har cannot be written.")

    monkeypatch.setattr(TraceCollector, "write_har", full)
    done = call(*CREATE, "--har", str(tmp_path / "x.har"))
    assert done.code == 1
    assert done.data["outcome"] == "done"
    assert "outcome: done" in done.err


def test_a_row_keeps_its_outcome_when_its_report_breaks(call, server, monkeypatch, tmp_path):
    (tmp_path / "rows.csv").write_text("userId,topic\nme,a\n")  # a second one could be under way, and uncertain
    monkeypatch.setattr(BulkReporter, "_apply_query", broken)
    done = call("run", "createMeeting", "-f", str(tmp_path / "rows.csv"), "--query", "id", "--output", "json")
    assert "outcome: done" in done.err
    assert done.code == 1


def test_a_query_that_does_not_fit_a_row_leaves_every_row_told(call, tmp_path):
    (tmp_path / "rows.csv").write_text("userId,topic\nme,a\nme,b\n")
    done = call("run", "createMeeting", "-f", str(tmp_path / "rows.csv"), "--query", "topic > `5`")
    assert done.code == 2
    assert [json.loads(line)["outcome"] for line in done.out.splitlines()] == ["done", "done"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has /dev/full")
@pytest.mark.parametrize("words", [(), ("--output", "lines"), ("--output", "yaml"), ("--query", "id")])
def test_a_full_disk_leaves_the_outcome_on_stderr(surroundings, words):
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "connector", *CREATE, "--sandbox", *words],
                              env=surroundings, stdout=full, stderr=subprocess.PIPE, check=False)  # fmt: skip
    assert done.returncode == 1
    assert b"done" in done.stderr.split(b"No space left")[1]
