"""Forwarders send each event whole, once, with its key, and report a failure."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import sys
from datetime import UTC, datetime

import pytest
from support.servers import reply

from connector import errors
from connector.core import redaction
from connector.core.webhook.event import Event
from connector.runtime.webhooks.forwarders import (
    CommandForwarder,
    JsonLinesForwarder,
    UrlForwarder,
    event_payload,
    filter_events,
    redacted_payload,
)

DATA = {"event": "recording.completed", "download_token": "dl-token-1", "payload": {"object": {
    "topic": "Line\nend é", "password": "pw-1", "share_url": "https://example.com/r?pwd=pw-2&x=1", "passcode": ""}}}  # fmt: skip
WHEN = datetime(2030, 1, 31, 9, tzinfo=UTC)


def event(name="recording.completed"):
    return Event(
        trigger="webhookReceiver", name=name, at=WHEN, account="acc", object=DATA["payload"]["object"],
        data=DATA, raw=json.dumps(DATA).encode(), key="k" * 64, subject="s",
    )  # fmt: skip


def test_an_event_is_told_whole():
    assert event_payload(event()) == {
        "trigger": "webhookReceiver", "event": "recording.completed", "at": "2030-01-31T09:00:00+00:00", "account": "acc",
        "key": "k" * 64, "data": DATA,
    }  # fmt: skip


def test_lines_hide_secrets_and_nothing_else(zoom):
    stream = io.StringIO()
    JsonLinesForwarder(stream, redaction.redactor_for(zoom))(event())
    (line,) = stream.getvalue().splitlines()
    seen = json.loads(line)["data"]
    assert seen["download_token"] == "***"
    assert seen["payload"]["object"] == {
        "topic": "Line\nend é", "password": "***", "share_url": "https://example.com/r?pwd=***&x=1", "passcode": "",
    }  # fmt: skip
    assert not any(one in line for one in ("dl-token-1", "pw-1", "pw-2"))


def test_lines_without_a_redactor_are_whole():
    stream = io.StringIO()
    JsonLinesForwarder(stream)(event())
    assert json.loads(stream.getvalue())["data"] == DATA


def test_what_is_shown_leaves_the_data_alone(zoom):
    before = json.dumps(DATA)
    redacted_payload(DATA, redaction.redactor_for(zoom))
    assert json.dumps(DATA) == before


def python(script, *more):
    return [sys.executable, "-c", script, *more]


def test_a_command_gets_the_event_and_its_key(tmp_path):
    path = tmp_path / "got"
    script = "import os, sys; open(sys.argv[1], 'w').write(os.environ['CONNECTOR_EVENT_KEY'] + sys.stdin.read())"
    asyncio.run(CommandForwarder(python(script, str(path)))(event()))
    text = path.read_text()
    assert (text[:64], json.loads(text[64:])) == ("k" * 64, event_payload(event()))


def test_a_command_that_does_not_read_its_input_is_done_by_its_exit_code():
    asyncio.run(CommandForwarder(python("pass"))(event()))


@pytest.mark.skipif(os.name == "nt", reason="uvloop is not for Windows")
def test_a_command_that_ends_before_its_input_is_written_is_done_in_the_receivers_own_loop():
    import uvloop

    async def story():
        for _ in range(60):
            await CommandForwarder(["true"])(event())

    uvloop.run(story())


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_a_command_that_fails_says_how(script):
    with pytest.raises(errors.ConnectorError, match=r"ended with (3|-9)\."):
        asyncio.run(CommandForwarder(python(script))(event()))


def test_a_command_that_is_not_there_is_told():
    with pytest.raises(errors.ConnectorError, match=r"^/no/such/program cannot be run: No such file or directory"):
        asyncio.run(CommandForwarder(["/no/such/program", "x"])(event()))
    with pytest.raises(errors.UsageError):
        CommandForwarder([])


def test_a_command_that_is_cut_off_is_ended(tmp_path):
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    script = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); sys.stdin.read(); time.sleep(600)"

    async def story():
        task = asyncio.create_task(CommandForwarder(python(script, str(begun)))(event()))
        number = await asyncio.to_thread(begun.read_text)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return int(number)

    with pytest.raises(ProcessLookupError):
        os.kill(asyncio.run(story()), 0)


def forward(url):
    with contextlib.closing(UrlForwarder(url)) as target:
        target(event())


def test_a_url_gets_the_event_with_its_key(server):
    forward(f"{server.url}/in?a=b")
    assert (server.last.method, server.last.target) == ("POST", b"/v2/in?a=b")
    assert server.last.header("idempotency-key") == "k" * 64
    assert server.last.json() == event_payload(event())


@pytest.mark.parametrize("status", [301, 307, 400, 429, 500])
def test_any_answer_but_2xx_is_not_done(server, status):
    server.always(reply(status=status, json_={"secret": "said"}, headers=[("Location", "https://evil.example/")]))
    with pytest.raises(errors.ConnectorError, match=f"answered {status}") as caught:
        forward(server.url)
    assert "said" not in str(caught.value)
    assert server.count == 1


def test_a_url_that_nobody_answers_is_a_transport_error_without_its_secret():
    with pytest.raises(errors.TransportError, match="refused") as caught:
        forward("http://127.0.0.1:1/?token=hunter22")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("patterns", [[], ["*"], ["recording.*"], ["meeting.*", "recording.completed", "recording.*"]])
def test_an_event_that_fits_is_handed_on_once(patterns):
    seen = []
    filter_events(patterns, seen.append)(event())
    assert len(seen) == 1


def test_an_event_that_fits_no_pattern_is_not_handed_on(tmp_path):
    filter_events(["meeting.*"], lambda _: pytest.fail("it does not fit"))(event())
    path = tmp_path / "got"
    command = CommandForwarder(python("import sys; open(sys.argv[1], 'w')", str(path)))
    asyncio.run(filter_events(["meeting.*"], command)(event()))
    assert not path.exists()
    asyncio.run(filter_events(["recording.*"], command)(event()))
    assert path.exists()
