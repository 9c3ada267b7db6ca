"""200 means that an event is durable; only the service's events are accepted, each once."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading

import pytest
from support.pace import PATIENCE, wait_for, wait_until
from support.receivers import SECRET, ServedReceiver, body, request, sign

from connector import Receiver, errors
from connector.core.webhook.event import Challenge
from connector.runtime.webhooks import inbox as inboxes
from connector.runtime.webhooks import receiver as receivers
from connector.runtime.webhooks.inbox import TABLE, Inbox
from connector.runtime.webhooks.verify import verifier_for

C = TABLE.c
NOW = 1_800_000_000.0  # where a given clock begins


@pytest.fixture
def make_receiver(zoom):
    every = []

    def make(inbox, secret=SECRET, **how):
        every.append(Receiver(how.pop("connector", zoom), secret, inbox=inbox, **how))
        every[-1].inbox.open()  # a given clock does not wait for another thread that makes the file
        return every[-1]

    yield make
    for one in every:
        one.inbox.close()


def handle(receiver, content, headers=None, at=NOW):
    return asyncio.run(receiver.handle(headers or sign(content, at=at), content))[:2]


def stored_subjects(receiver):
    return [one.subject for one in receiver.inbox.find(C.id > 0, 1000)]


def test_an_event_is_durable_before_200_is_said(make_receiver, url, zoom, clock, monkeypatch):
    receiver, go, write = make_receiver(url, clock=clock), threading.Event(), inboxes._write

    def slow(things, connection):
        go.wait(PATIENCE)
        write(things, connection)

    monkeypatch.setattr(inboxes, "_write", slow)

    async def story():
        content = body(1)
        answer = asyncio.create_task(receiver.handle(sign(content, at=NOW), content))
        await wait_for(lambda: receiver.inbox._writers)
        assert not answer.done()
        assert stored_subjects(receiver) == []
        go.set()
        assert (await answer)[:2] == (200, {})
        assert stored_subjects(receiver) == ["1"]

    asyncio.run(story())


def test_a_captured_request_is_delivered_once_within_the_tolerance_and_refused_after_it(make_receiver, url, clock):
    receiver = make_receiver(url, clock=clock)
    content = body(1)
    headers = sign(content, at=NOW)
    for minutes in (0, 5, 25, 85, 90):
        clock.passed = minutes * 60.0
        assert handle(receiver, content, headers) == (200, {})
    clock.passed = 90 * 60.0 + 1
    assert handle(receiver, content, headers) == (401, None)
    assert stored_subjects(receiver) == ["1"]
    assert receiver.counts == {"kept": 5, "age": 1}


def test_a_redelivery_is_known_whatever_changes_around_it_and_twins_that_differ_are_two(make_receiver, url, clock):
    receiver = make_receiver(url, clock=clock)
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
        assert handle(receiver, content, {**sign(content, at=clock.time()), "x-zm-trackingid": str(clock.passed)}) == (
            200,
            {},
        )
    assert stored_subjects(receiver) == ["u", "u", "v"]


def test_the_service_learns_that_the_secret_is_known_and_no_event_is_kept(make_receiver, sqlite, clock):
    receiver = make_receiver(sqlite, clock=clock)
    content = b'{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1,"event":"endpoint.url_validation"}'
    status, reply = handle(receiver, content)
    assert (status, set(reply)) == (200, {"plainToken", "encryptedToken"})
    for unfit in (b"v0:1:forged", b"a" * 129, b"", b"a b"):
        forged = content.replace(b"qgg8vlvZRS6UYooatFL8Aw", unfit)
        assert handle(receiver, forged) == (400, None)
        assert handle(receiver, forged, sign(forged, "another-secret-of-somebody", NOW)) == (401, None)
    assert stored_subjects(receiver) == []


NO_EVENTS = [b"", b"null", b"[]", b"5", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"event":5}', b'{"event":NaN}', b"{}", b"\x1f\x8b\x08\0\0"]  # fmt: skip


@pytest.mark.parametrize("content", NO_EVENTS, ids=range(len(NO_EVENTS)))
def test_a_body_that_is_no_event_is_400_when_it_is_signed_and_401_when_not(make_receiver, sqlite, clock, content):
    receiver = make_receiver(sqlite, clock=clock)
    assert handle(receiver, content) == (400, None)
    assert receiver.inbox.find(C.id > 0, 10) == []
    assert handle(receiver, content, {"content-type": "application/json"}) == (401, None)
    assert handle(receiver, content, sign(content, "another-secret-of-somebody", NOW)) == (401, None)


def test_while_one_secret_takes_the_place_of_another_both_sign(make_receiver, sqlite, clock):
    receiver = make_receiver(sqlite, ["the-secret-until-now", "the-secret-from-now-on"], clock=clock)
    for number, secret in enumerate(["the-secret-until-now", "the-secret-from-now-on"]):
        assert handle(receiver, body(number), sign(body(number), secret, NOW)) == (200, {})
    assert handle(receiver, body(9), sign(body(9), "the-secret-before", NOW)) == (401, None)
    assert stored_subjects(receiver) == ["0", "1"]


@pytest.mark.parametrize("secret", ["", [], [SECRET, " "], f"{SECRET}\n", "short"])
def test_a_secret_that_cannot_be_one_is_told_at_the_start(make_receiver, sqlite, secret):
    with pytest.raises(errors.UsageError) as caught:
        make_receiver(sqlite, secret)
    assert SECRET not in str(caught.value)


def test_an_inbox_that_fails_is_503_and_what_was_answered_200_is_there(make_receiver, url, clock, monkeypatch):
    receiver, write, turn = make_receiver(url, clock=clock), inboxes._write, [0]

    def failing(things, connection):
        turn[0] += 1
        write(things, connection)
        if turn[0] % 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(inboxes, "_write", failing)
    said = [handle(receiver, body(number))[0] for number in range(6)]
    assert said == [503, 200] * 3
    assert stored_subjects(receiver) == ["1", "3", "5"]


def test_a_locked_database_is_503_in_the_time_that_a_sender_waits(make_receiver, sqlite, monkeypatch, caplog):
    monkeypatch.setattr(receivers, "STORE_TIMEOUT", 0.3)
    receiver = make_receiver(sqlite)
    content = body(1)
    with sqlite3.connect(sqlite.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert asyncio.run(receiver.handle(sign(content), content))[:2] == (503, None)
        assert "not kept: the inbox is too slow" in caplog.text, "the sender waited until the database gave up"
        assert stored_subjects(receiver) == []
        other.execute("COMMIT")
    other.close()
    assert asyncio.run(receiver.handle(sign(content), content))[:2] == (200, {})
    assert stored_subjects(receiver) == ["1"], "the sender's second try is the same event"


def test_events_wait_where_nobody_runs_the_receiver_and_are_delivered_when_somebody_does(
    make_receiver, sqlite, clock, caplog
):
    receiver, got = make_receiver(sqlite, clock=clock), []
    receiver.on("meeting.*")(lambda event: got.append(event.subject))

    async def story():
        for number in range(3):
            await receiver.handle(sign(body(number), at=NOW), body(number))
        assert got == []
        async with receiver.lifespan():
            await wait_for(lambda: len(got) == 3)
            await receiver.handle(sign(body(3), at=NOW), body(3))
            await wait_for(lambda: len(got) == 4)
            with pytest.raises(errors.UsageError, match="already running"):
                async with receiver.lifespan():
                    pass
        async with receiver.lifespan():
            pass

    asyncio.run(story())
    assert sorted(got) == ["0", "1", "2", "3"]
    assert caplog.text.count("enter receiver.lifespan()") == 1


def test_a_receiver_has_a_place_in_another_application(make_receiver, sqlite):
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    receiver, got = make_receiver(sqlite), []
    receiver.on()(lambda event: got.append(event.subject))
    routes = [Route("/", lambda _: PlainTextResponse("home")), Route("/hooks/one", receiver), Mount("/all", receiver)]
    with ServedReceiver(Starlette(routes=routes, lifespan=receiver.lifespan)) as served:
        for number, (path, status) in enumerate([("/hooks/one", 200), ("/all/", 200), ("/hooks/two", 404)]):
            assert served.post(body(number), path=path) == status
        with served.connect() as line:
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


def test_several_receivers_share_a_server_and_an_inbox_and_each_gets_its_own(make_receiver, url, folder):
    inbox, got = Inbox(url), []
    meetings = make_receiver(inbox)
    lamps = make_receiver(inbox, "the-secret-of-the-lamps", connector=folder(OTHER))
    meetings.on()(lambda event: got.append(("meetings", event.subject)))
    lamps.on()(lambda event: got.append(("lamps", event.subject)))
    content = body(1)
    with ServedReceiver({"/meetings": meetings, "/lamps": lamps}) as served:
        assert served.post(content, path="/meetings") == 200
        assert served.post(content, path="/lamps") == 401
        assert served.post(content, sign(content, "the-secret-of-the-lamps"), "/lamps") == 200
        wait_until(lambda: inbox.counts() == {"delivered": 2})
    assert sorted(got) == [("lamps", "1"), ("meetings", "1")]


def test_two_receivers_of_one_inbox_deliver_an_event_that_comes_to_both_once(make_receiver, url):
    got = []
    one, two = make_receiver(url), make_receiver(url)
    for receiver in (one, two):
        receiver.on()(lambda event: got.append(event.subject))
    with ServedReceiver(one) as here, ServedReceiver(two) as there:
        for number in range(20):
            assert [served.post(body(number)) for served in (here, there)] == [200, 200]
        wait_until(lambda: one.inbox.counts() == {"delivered": 20})
    assert sorted(got, key=int) == [str(number) for number in range(20)]


def test_a_slow_or_broken_handler_keeps_no_sender_waiting(make_receiver, sqlite):
    receiver, go = make_receiver(sqlite), threading.Event()
    receiver.on("meeting.*")(lambda event: go.wait(PATIENCE))

    @receiver.on("user.*")
    async def broken(event):
        raise ValueError

    with ServedReceiver(receiver) as served:
        for number in range(40):  # more than are with handlers at once
            assert served.post(body(number, name="meeting.started" if number % 2 else "user.activated")) == 200
        assert not go.is_set()
        go.set()
        wait_until(lambda: receiver.inbox.counts() == {"delivered": 20, "pending": 20})


def test_an_event_of_an_unknown_kind_is_taken_and_delivered_to_who_takes_all(make_receiver, sqlite, clock):
    receiver, got = make_receiver(sqlite, clock=clock), []
    receiver.on()(lambda event: got.append(event.name))

    async def story():
        async with receiver.lifespan():
            content = body(1, name="never.heard_of")
            assert (await receiver.handle(sign(content, at=NOW), content))[:2] == (200, {})
            await wait_for(lambda: got)

    asyncio.run(story())
    assert got == ["never.heard_of"]


def test_refusals_are_counted_each_and_logged_ever_more_rarely_without_what_was_sent(
    make_receiver, sqlite, clock, caplog
):
    receiver = make_receiver(sqlite, clock=clock)
    with caplog.at_level(logging.DEBUG):
        for number in range(100):
            handle(receiver, b"canary-of-a-body", {**sign(b"another", at=NOW), "authorization": "canary-header"})
            handle(receiver, body(number))
    assert receiver.counts == {"signature": 100, "kept": 100}
    assert caplog.text.count("refused") == 7
    assert "canary" not in caplog.text
    assert "canary" not in repr(receiver)


def test_a_challenge_is_no_secret_in_a_log(make_receiver, sqlite, clock, caplog):
    receiver = make_receiver(sqlite, clock=clock)
    content = b'{"payload":{"plainToken":"canaryOfAToken"},"event":"endpoint.url_validation"}'
    with caplog.at_level(logging.DEBUG):
        status, reply = handle(receiver, content)
    assert status == 200
    assert "canary" not in caplog.text
    assert reply["encryptedToken"] not in repr(Challenge(reply))


def test_a_handler_without_a_pattern_in_words_is_told(make_receiver, sqlite):
    receiver = make_receiver(sqlite)
    with pytest.raises(errors.UsageError, match="pattern"):

        @receiver.on(lambda event: None)
        def never(event):
            """Never called."""


def test_a_sender_that_goes_away_in_the_middle_is_no_error(make_receiver, sqlite, caplog):
    receiver = make_receiver(sqlite)
    with ServedReceiver(receiver) as served:
        with served.connect() as line:
            line.send(request(body(1))[:-5])
        assert served.post(body(2)) == 200
    assert "Exception" not in caplog.text
    assert stored_subjects(receiver) == ["2"]


HEADERS = """\
triggers:
  orders:
    label: Orders
    summary: An order was paid.
    inputs: {secret: {label: Secret, help: The secret., type: password, required: true}}
    signature: {header: x-sig, payload: "{body}", format: "{hex}"}
    event: {name: header.X-Topic, at: header.X-At, unit: iso, account: header.X-Shop, subject: [header.X-Order]}
    dedupe: [header.X-Id]
"""


def test_a_handler_gets_the_name_time_and_account_that_came_in_headers(make_receiver, url, folder):
    receiver, got = make_receiver(url, connector=folder(HEADERS)), []
    receiver.on("orders/*")(lambda event: got.append((event.account, event.at and event.at.isoformat(), event.subject)))
    content, told = b'{"total":1}', {"X-Topic": "orders/paid", "X-At": "2026-01-01T00:00:00Z", "X-Order": "7"}
    signature = verifier_for(folder(HEADERS)).sign(SECRET, 0, content)
    with ServedReceiver(receiver) as served:
        for shop in ("a.example", "b.example"):
            served.post(content, {**signature, **told, "X-Shop": shop, "X-Id": shop})
        wait_until(lambda: len(got) == 2)
    assert sorted(got) == [(shop, "2026-01-01T00:00:00+00:00", "7") for shop in ("a.example", "b.example")]
