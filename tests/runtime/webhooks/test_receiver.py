"""200 is said for what is durable and for nothing else; only the service's events come through, each once."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading

import pytest
from support.receivers import PATIENCE, SECRET, Behind, body, request, signed, until, wait_until

from connector import Receiver, errors
from connector.core.webhook.signature import Challenge
from connector.runtime.webhooks import inbox as inboxes
from connector.runtime.webhooks import receiver as receivers
from connector.runtime.webhooks.inbox import TABLE, Inbox

C = TABLE.c
NOW = 1_800_000_000.0  # where a given clock begins


@pytest.fixture
def made(zoom):
    every = []

    def make(inbox, secret=SECRET, **how):
        every.append(Receiver(how.pop("connector", zoom), secret, inbox=inbox, **how))
        every[-1].inbox.open()  # a given clock does not wait for another thread that makes the file
        return every[-1]

    yield make
    for one in every:
        one.inbox.close()


def accept(receiver, content, headers=None, at=NOW):
    return asyncio.run(receiver.handle(headers or signed(content, at=at), content))


def kept(receiver):
    return [one.subject for one in receiver.inbox.find(C.id > 0, 1000)]


def test_an_event_is_durable_before_200_is_said(made, url, zoom, clock, monkeypatch):
    receiver, go, write = made(url, clock=clock), threading.Event(), inboxes._write

    def slow(things, connection):
        go.wait(PATIENCE)
        write(things, connection)

    monkeypatch.setattr(inboxes, "_write", slow)

    async def story():
        content = body(1)
        answer = asyncio.create_task(receiver.handle(signed(content, at=NOW), content))
        await until(lambda: receiver.inbox._writers)
        assert not answer.done()
        assert kept(receiver) == []
        go.set()
        assert await answer == (200, {})
        assert kept(receiver) == ["1"]

    asyncio.run(story())


def test_a_captured_request_is_delivered_once_within_the_tolerance_and_refused_after_it(made, url, clock):
    receiver = made(url, clock=clock)
    content = body(1)
    headers = signed(content, at=NOW)
    for minutes in (0, 5, 25, 85, 90):
        clock.passed = minutes * 60.0
        assert accept(receiver, content, headers) == (200, {})
    clock.passed = 90 * 60.0 + 1
    assert accept(receiver, content, headers) == (401, None)
    assert kept(receiver) == ["1"]
    assert receiver.counts == {"kept": 5, "age": 1}


def test_a_redelivery_is_known_whatever_changes_around_it_and_twins_that_differ_are_two(made, url, clock):
    receiver = made(url, clock=clock)
    first = {"event": "recording.completed", "event_ts": 1, "download_token": "one", "payload": {"account_id": "a", "object": {"uuid": "u", "id": 5}}}  # fmt: skip
    again = {**first, "download_token": "another"}
    spelled = json.loads(json.dumps(first).replace("5", '"5"'))
    for data in (
        first,
        again,
        spelled,
        {**first, "event_ts": 2},
        {**first, "payload": {"account_id": "a", "object": {"uuid": "v", "id": 5}}},
    ):
        content = json.dumps(data, indent=len(receiver.counts)).encode()
        clock.passed += 60.0
        assert accept(
            receiver, content, {**signed(content, at=clock.time()), "x-zm-trackingid": str(clock.passed)}
        ) == (200, {})
    assert kept(receiver) == ["u", "u", "v"]


def test_the_service_learns_that_the_secret_is_known_and_no_event_is_kept(made, sqlite, clock):
    receiver = made(sqlite, clock=clock)
    content = b'{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1,"event":"endpoint.url_validation"}'
    status, reply = accept(receiver, content)
    assert (status, set(reply)) == (200, {"plainToken", "encryptedToken"})
    for unfit in (b"v0:1:forged", b"a" * 129, b"", b"a b"):
        forged = content.replace(b"qgg8vlvZRS6UYooatFL8Aw", unfit)
        assert accept(receiver, forged) == (400, None)
        assert accept(receiver, forged, signed(forged, "another-secret-of-somebody", NOW)) == (401, None)
    assert kept(receiver) == []


NO_EVENTS = [b"", b"null", b"[]", b"5", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"event":5}', b'{"event":NaN}', b"{}", b"\x1f\x8b\x08\0\0"]  # fmt: skip


@pytest.mark.parametrize("content", NO_EVENTS, ids=range(len(NO_EVENTS)))
def test_a_body_that_is_no_event_is_400_when_it_is_signed_and_401_when_not(made, sqlite, clock, content):
    receiver = made(sqlite, clock=clock)
    assert accept(receiver, content) == (400, None)
    assert accept(receiver, content, {"content-type": "application/json"}) == (401, None)
    assert accept(receiver, content, signed(content, "another-secret-of-somebody", NOW)) == (401, None)


def test_while_one_secret_takes_the_place_of_another_both_sign(made, sqlite, clock):
    receiver = made(sqlite, ["the-secret-until-now", "the-secret-from-now-on"], clock=clock)
    for number, secret in enumerate(["the-secret-until-now", "the-secret-from-now-on"]):
        assert accept(receiver, body(number), signed(body(number), secret, NOW)) == (200, {})
    assert accept(receiver, body(9), signed(body(9), "the-secret-before", NOW)) == (401, None)
    assert kept(receiver) == ["0", "1"]


@pytest.mark.parametrize("secret", ["", [], [SECRET, " "], f"{SECRET}\n", "short"])
def test_a_secret_that_cannot_be_one_is_told_at_the_start(made, sqlite, secret):
    with pytest.raises(errors.UsageError) as caught:
        made(sqlite, secret)
    assert SECRET not in str(caught.value)


def test_an_inbox_that_fails_is_503_and_what_was_answered_200_is_there(made, url, clock, monkeypatch):
    receiver, write, turn = made(url, clock=clock), inboxes._write, [0]

    def failing(things, connection):
        turn[0] += 1
        write(things, connection)
        if turn[0] % 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(inboxes, "_write", failing)
    said = [accept(receiver, body(number))[0] for number in range(6)]
    assert said == [503, 200] * 3
    assert kept(receiver) == ["1", "3", "5"]


def test_a_locked_database_is_503_in_the_time_that_a_sender_waits(made, sqlite, monkeypatch, caplog):
    monkeypatch.setattr(receivers, "STORE_TIMEOUT", 0.3)
    receiver = made(sqlite)
    content = body(1)
    with sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert asyncio.run(receiver.handle(signed(content), content)) == (503, None)
        assert "not kept: the inbox is too slow" in caplog.text, "the sender waited until the database gave up"
        assert kept(receiver) == []
        other.execute("COMMIT")
    other.close()
    assert asyncio.run(receiver.handle(signed(content), content)) == (200, {})
    assert kept(receiver) == ["1"], "the sender's second try is the same event"


def test_events_wait_where_nobody_runs_the_receiver_and_are_delivered_when_somebody_does(made, sqlite, clock, caplog):
    receiver, got = made(sqlite, clock=clock), []
    receiver.on("meeting.*")(lambda event: got.append(event.subject))

    async def story():
        for number in range(3):
            await receiver.handle(signed(body(number), at=NOW), body(number))
        assert got == []
        async with receiver.lifespan():
            await until(lambda: len(got) == 3)
            await receiver.handle(signed(body(3), at=NOW), body(3))
            await until(lambda: len(got) == 4)
            with pytest.raises(errors.UsageError, match="already running"):
                async with receiver.lifespan():
                    pass
        async with receiver.lifespan():
            pass

    asyncio.run(story())
    assert sorted(got) == ["0", "1", "2", "3"]
    assert caplog.text.count("enter receiver.lifespan()") == 1


def test_a_receiver_has_a_place_in_another_application(made, sqlite):
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    receiver, got = made(sqlite), []
    receiver.on()(lambda event: got.append(event.subject))
    routes = [Route("/", lambda _: PlainTextResponse("home")), Route("/hooks/one", receiver), Mount("/all", receiver)]
    with Behind(Starlette(routes=routes, lifespan=receiver.lifespan)) as behind:
        for number, (path, status) in enumerate([("/hooks/one", 200), ("/all/", 200), ("/hooks/two", 404)]):
            assert behind.post(body(number), path=path) == status
        with behind.line() as line:
            assert line.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")[2] == b"home"
            assert line.ask(b"GET /hooks/one HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 405
        wait_until(lambda: sorted(got) == ["0", "1"])


OTHER = """\
triggers:
  webhookReceiver:
    label: Switched
    summary: A lamp was switched.
    inputs: {secret: {label: Secret, help: The secret., type: password, required: true}}
    signature:
      {header: x-zm-signature, timestamp: header.x-zm-request-timestamp, payload: "v0:{timestamp}:{body}", format: "v0={hex}", digest: hex}
    event: {name: event, at: event_ts, unit: ms, account: payload.account_id, object: payload.object}
    dedupe: [event, event_ts, payload.object.id]
"""


def test_several_receivers_share_a_server_and_an_inbox_and_each_gets_its_own(made, url, folder):
    inbox, got = Inbox(url), []
    meetings = made(inbox)
    lamps = made(inbox, "the-secret-of-the-lamps", connector=folder(OTHER))
    meetings.on()(lambda event: got.append(("meetings", event.subject)))
    lamps.on()(lambda event: got.append(("lamps", event.subject)))
    content = body(1)
    with Behind({"/meetings": meetings, "/lamps": lamps}) as behind:
        assert behind.post(content, path="/meetings") == 200
        assert behind.post(content, path="/lamps") == 401
        assert behind.post(content, signed(content, "the-secret-of-the-lamps"), "/lamps") == 200
        wait_until(lambda: inbox.counts() == {"delivered": 2})
    assert sorted(got) == [("lamps", "1"), ("meetings", "1")]


def test_two_receivers_of_one_inbox_deliver_an_event_that_comes_to_both_once(made, url):
    got = []
    one, two = made(url), made(url)
    for receiver in (one, two):
        receiver.on()(lambda event: got.append(event.subject))
    with Behind(one) as here, Behind(two) as there:
        for number in range(20):
            assert [behind.post(body(number)) for behind in (here, there)] == [200, 200]
        wait_until(lambda: one.inbox.counts() == {"delivered": 20})
    assert sorted(got, key=int) == [str(number) for number in range(20)]


def test_a_slow_or_broken_handler_keeps_no_sender_waiting(made, sqlite):
    receiver, go = made(sqlite), threading.Event()
    receiver.on("meeting.*")(lambda event: go.wait(PATIENCE))

    @receiver.on("user.*")
    async def broken(event):
        raise ValueError

    with Behind(receiver) as behind:
        for number in range(40):  # more than are with handlers at once
            assert behind.post(body(number, name="meeting.started" if number % 2 else "user.activated")) == 200
        assert not go.is_set()
        go.set()
        wait_until(lambda: receiver.inbox.counts() == {"delivered": 20, "pending": 20})


def test_an_event_of_an_unknown_kind_is_taken_and_delivered_to_who_takes_all(made, sqlite, clock):
    receiver, got = made(sqlite, clock=clock), []
    receiver.on()(lambda event: got.append(event.name))

    async def story():
        async with receiver.lifespan():
            content = body(1, name="never.heard_of")
            assert await receiver.handle(signed(content, at=NOW), content) == (200, {})
            await until(lambda: got)

    asyncio.run(story())
    assert got == ["never.heard_of"]


def test_refusals_are_counted_each_and_logged_ever_more_rarely_without_what_was_sent(made, sqlite, clock, caplog):
    receiver = made(sqlite, clock=clock)
    with caplog.at_level(logging.DEBUG):
        for number in range(100):
            accept(receiver, b"canary-of-a-body", {**signed(b"another", at=NOW), "authorization": "canary-header"})
            accept(receiver, body(number))
    assert receiver.counts == {"signature": 100, "kept": 100}
    assert caplog.text.count("refused") == 7
    assert "canary" not in caplog.text
    assert "canary" not in repr(receiver)


def test_a_challenge_is_no_secret_in_a_log(made, sqlite, clock, caplog):
    receiver = made(sqlite, clock=clock)
    content = b'{"payload":{"plainToken":"canaryOfAToken"},"event":"endpoint.url_validation"}'
    with caplog.at_level(logging.DEBUG):
        status, reply = accept(receiver, content)
    assert status == 200
    assert "canary" not in caplog.text
    assert reply["encryptedToken"] not in repr(Challenge(reply))


def test_a_handler_without_a_pattern_in_words_is_told(made, sqlite):
    receiver = made(sqlite)
    with pytest.raises(errors.UsageError, match="pattern"):

        @receiver.on(lambda event: None)
        def never(event):
            """Never called."""


def test_a_sender_that_goes_away_in_the_middle_is_no_error(made, sqlite, caplog):
    receiver = made(sqlite)
    with Behind(receiver) as behind:
        with behind.line() as line:
            line.send(request(body(1))[:-5])
        assert behind.post(body(2)) == 200
    assert "Exception" not in caplog.text
    assert kept(receiver) == ["2"]
