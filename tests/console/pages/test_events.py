"""The inbox: what came, live, one event without its secrets, delivered again, test events, and why one is refused."""

from __future__ import annotations

import asyncio
import json

import pytest
from support.pages.browsing.consoles import make_desk

from connector import Receiver
from connector.console.pages import events
from connector.console.visit import Visit
from connector.sandbox.events.sender import build_signed_delivery, get_sandbox_secret

CANARY = "c4n4ry-event"


def test_what_changes_in_the_sandbox_is_told_in_the_inbox(visitor):
    assert "No events have come yet" in visitor.get("/events").text
    visitor.post("/actions/createMeeting/run", {"in.userId": "me", "in.topic": "Standup"})
    assert visitor.desk.context.sandbox_instance.wait_for_events(20)
    seen = visitor.get("/events")
    assert "meeting.created" in seen.text
    assert "Standup" in visitor.get("/events/1").text


def test_a_test_event_is_verified_and_kept(visitor):
    seen = visitor.post("/events/send", {"name": "user.activated"})
    assert "user.activated was sent, and answered with 200." in seen.text
    visitor.post("/events/send", {"name": "user.activated"})
    assert len(visitor.desk.events.inbox.find(visitor.desk.events.select(name="user.activated"), 9)) == 2


def test_an_unknown_event_is_told_with_what_may_be_meant(visitor):
    seen = visitor.post("/events/send", {"name": "user.activatd"})
    assert seen.status == 422
    assert "user.activated" in seen.text


@pytest.mark.parametrize("url", ["http://example.com/hook", "ftp://127.0.0.1/", "http://127.0.0.1:1/"])
def test_a_test_event_goes_to_this_machine_or_encrypted_and_a_failure_is_told(visitor, url):
    seen = visitor.post("/events/send", {"name": "user.activated", "url": url})
    assert seen.status == 422
    assert "cannot be sent" in seen.text or "must not be sent" in seen.text or "not delivered" in seen.text


def test_a_console_of_the_service_itself_puts_no_test_event_into_the_inbox(visit, monkeypatch):
    monkeypatch.setenv("ZOOM_WEBHOOK_SECRET_TOKEN", CANARY)
    visitor = visit(sandbox=False)
    seen = visitor.post("/events/send", {"name": "user.activated"})
    assert "no address" in seen.text
    assert CANARY not in seen.html
    assert visitor.desk.events.inbox.counts() == {}


def test_events_are_found_by_name_and_state(visitor):
    for name in ("user.activated", "meeting.started"):
        visitor.post("/events/send", {"name": name})
    assert "/events/2" in visitor.get("/events", name="meeting.started").html
    assert "/events/1" not in visitor.get("/events", name="meeting.started").html
    assert "No events fit" in visitor.get("/events", state="dead").text


def test_an_event_shows_no_secret(visitor):
    headers, body = build_signed_delivery(visitor.desk.connector, "recording.completed")
    data = json.loads(body)
    data["download_token"] = CANARY
    data["payload"]["object"]["password"] = CANARY
    visitor.post("/events/send", {"name": "user.activated"})
    desk = visitor.desk
    event = desk.events.inbox.find(desk.events.select(), 1)[0]
    verifier = desk.events.describe(desk.events.webhooks[0]).verifier
    parsed = verifier.restore_event(json.dumps(data).encode(), "recording.completed", "key-1", headers)
    desk.events.inbox.put(parsed, event.source).result()
    seen = visitor.get("/events/2")
    assert "recording.completed" in seen.text
    assert "***" in seen.text
    assert CANARY not in seen.html + visitor.get("/events").html


def test_an_event_is_delivered_again_by_a_receiver(visitor):
    visitor.post("/events/send", {"name": "user.activated"})
    connector, inbox = visitor.desk.connector, visitor.desk.events.inbox
    receiver = Receiver(connector, get_sandbox_secret(connector), inbox=inbox)
    got = []

    waiting = []

    @receiver.on()
    async def take(event):
        got.append(event.name)
        waiting[-1].set()

    async def deliver():
        waiting.append(asyncio.Event())
        async with receiver.lifespan():
            await waiting[-1].wait()

    asyncio.run(asyncio.wait_for(deliver(), 20))
    assert "delivered" in visitor.get("/events/1").text
    seen = visitor.post("/events/1/again")
    assert "as soon as a receiver runs: connector webhook serve --sandbox" in seen.text
    asyncio.run(asyncio.wait_for(deliver(), 20))
    assert got == ["user.activated"] * 2


def test_an_unknown_event_of_the_inbox_is_told(visitor):
    for path in ("/events/99", "/events/x", "/events/99999999999999999999"):
        seen = visitor.get(path)
        assert seen.status == 404
        assert "the ID of an event" in seen.text


def test_a_console_that_only_reads_sends_and_replays_nothing(visit):
    visitor = visit(read_only=True)
    assert "Send a test event" not in visitor.get("/events").text
    assert visitor.post("/events/send", {"name": "user.activated"}).status == 403
    assert visitor.post("/events/1/again").status == 403


def test_the_page_is_told_that_an_event_came():
    desk = make_desk()
    desk.wait_for_end = lambda _: False
    seen = desk.events.read_state()
    news = iter(events.stream_events(desk, Visit(query={"seen": [seen]})).events)
    assert next(news) == ""
    desk.events.send_test(desk.events.webhooks[0], "user.activated", "")
    assert next(news) == desk.events.read_state() != seen
    assert next(news) == ""
    desk.close()


def test_news_end_with_the_console():
    desk = make_desk()
    news = iter(events.stream_events(desk, Visit()).events)
    next(news)
    desk.close()
    assert list(news) == []


def written(headers):
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def test_why_a_delivery_is_refused_is_told(visitor):
    headers, body = build_signed_delivery(visitor.desk.connector, "user.activated")
    form = {"headers": written(headers), "body": body.decode()}
    assert "A receiver takes it: user.activated" in visitor.post("/events/check", form).text
    wrong = visitor.post("/events/check", {**form, "body": f"{body.decode()} {CANARY}"})
    assert wrong.status == 422
    assert "Either the sandbox's secret is not the one that signed it" in wrong.text
    assert CANARY not in wrong.html
    unsigned = visitor.post("/events/check", {"headers": "content-type: text/plain", "body": "{}"})
    assert "The headers are: content-type" in unsigned.text
    assert "headers, line 1" in visitor.post("/events/check", {"headers": CANARY, "body": "{}"}).text


def test_a_body_with_ends_of_lines_is_checked_as_it_was_or_from_its_file(visitor):
    connector = visitor.desk.connector
    headers, body = build_signed_delivery(connector, "user.activated")
    seen = visitor.post("/events/check", {"headers": written(headers)}, files={"file": ("body", body)})
    assert "A receiver takes it" in seen.text
    seen = visitor.post("/events/check", {"headers": written(headers)}, files={"file": ("body", body + b"\n")})
    assert "It matches the body without its final line end" in seen.text
