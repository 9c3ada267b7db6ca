"""A receiver takes deliveries of every shape over a real connection, and keeps all events of one or none."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest
from support.pace import wait_until
from support.receivers import ServedReceiver
from support.signature_schemes import INSTALLED, SHARED_SECRET, build_connector

from connector import Connector, Receiver, errors
from connector.runtime.webhooks import inbox as inboxes
from connector.runtime.webhooks.inbox import TABLE
from connector.sandbox.events.sender import EventSender, get_sandbox_secrets

C = TABLE.c
URL = "https://hooks.example.com/service"  # as the service knows it; here it is /hook


@pytest.fixture
def make_receiver(tmp_path):
    every = []

    def make(connector, secret=SHARED_SECRET, **how):
        every.append(Receiver(connector, secret, inbox=f"sqlite:///{tmp_path}/inbox.db", public_url=URL, **how))
        every[-1].inbox.open()
        return every[-1]

    yield make
    for one in every:
        one.inbox.close()


def to_bytes(delivery, path="/hook"):
    """Return a delivery as bytes, sent to the path that a proxy makes of the public URL's."""
    query = urlsplit(delivery.url).query
    target = f"{path}?{query}" if query else path
    lines = {"Host": "inner.example", **delivery.headers, "Content-Length": str(len(delivery.body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{delivery.method} {target} HTTP/1.1\r\n{head}\r\n".encode() + delivery.body


def sender_of(connector, secret=SHARED_SECRET, url=URL, **how):
    return EventSender(connector, url, secret, http=object(), **how)


def stored(receiver):
    return receiver.inbox.find(C.id > 0, 100)


def test_a_url_is_signed_as_the_service_knows_it_whatever_the_proxy_makes_of_it(make_receiver):
    receiver = make_receiver(INSTALLED["twilio"])
    right = sender_of(INSTALLED["twilio"], url=f"{URL}?a=%20b&c").build_delivery("x", {"SmsStatus": "x"})
    wrong = sender_of(INSTALLED["twilio"], url="https://inner.example/hook").build_delivery("x", {"SmsStatus": "x"})
    with ServedReceiver(receiver) as served:
        for delivery, status in ((right, 200), (wrong, 401)):
            with served.connect() as line:
                assert line.ask(to_bytes(delivery))[0] == status
    assert [event.name for event in stored(receiver)] == ["x"]


def test_a_receiver_of_signed_urls_needs_its_own(tmp_path):
    with pytest.raises(errors.UsageError, match="signed with the URL"):
        Receiver(INSTALLED["twilio"], SHARED_SECRET, inbox=f"sqlite:///{tmp_path}/i.db")
    for url in ("hooks.example.com/x", "https://hooks.example.com/x?a=b"):
        with pytest.raises(errors.UsageError, match="URL must"):
            Receiver(INSTALLED["twilio"], SHARED_SECRET, inbox=f"sqlite:///{tmp_path}/i.db", public_url=url)


def test_a_challenge_by_get_is_answered_as_text_and_no_other_get_is(make_receiver):
    secrets = {"appSecret": SHARED_SECRET, "verifyToken": "the-verify-token"}
    meta = build_connector("meta")
    ask = to_bytes(sender_of(meta, secrets).build_delivery("subscribe", {}))
    with ServedReceiver(make_receiver(meta, secrets)) as served:
        with served.connect() as line:
            status, headers, text = line.ask(ask)
            assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
            assert headers["x-content-type-options"] == "nosniff"
            assert f"hub.challenge={text.decode()}&".encode() in ask
        for raw, expected in (
            (ask.replace(b"the-verify", b"any-verify"), 401),
            (b"GET /hook HTTP/1.1\r\nHost: h\r\n\r\n", 405),
        ):
            with served.connect() as line:
                status, _, text = line.ask(raw)
                assert (status, text) == (expected, b"")
    with ServedReceiver(make_receiver(INSTALLED["notion"])) as served, served.connect() as line:
        status, headers, _ = line.ask(b"GET /hook HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (status, headers["allow"]) == (405, "POST")


def test_the_challenge_of_slack_is_answered_as_json(make_receiver):
    sender = sender_of(INSTALLED["slack"])
    with ServedReceiver(make_receiver(INSTALLED["slack"])) as served, served.connect() as line:
        asked = sender.build_challenge()
        status, headers, text = line.ask(to_bytes(sender.build_delivery("url_verification", asked)))
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(text) == {"challenge": asked["challenge"]}


def replace_trigger(connector, trigger):
    triggers = dict.fromkeys(connector.manifest.triggers, trigger)
    return Connector(connector.folder, connector.manifest.model_copy(update={"triggers": triggers}))


def hubspot_delivery(*items):
    body = json.dumps(items).encode()
    sender = sender_of(INSTALLED["hubspot"])
    return sender.build_delivery("", {}, raw=body)


def item(number):
    return {
        "subscriptionType": "contact.creation",
        "objectId": number,
        "portalId": 7,
        "occurredAt": 1531420618000 + number,
    }


def test_each_event_of_a_delivery_is_kept_and_delivered_by_itself(make_receiver):
    receiver, got = make_receiver(INSTALLED["hubspot"]), []
    receiver.on()(lambda event: got.append((event.subject, event.account, event.at and event.at.year, event.data)))
    with ServedReceiver(receiver) as served:
        for delivery in (hubspot_delivery(item(1), item(2)), hubspot_delivery(item(2), item(3)), hubspot_delivery()):
            with served.connect() as line:
                assert line.ask(to_bytes(delivery))[0] == 200
        wait_until(lambda: len(got) == 3)
    assert sorted(got, key=str) == [(str(number), "7", 2018, item(number)) for number in (1, 2, 3)]
    assert receiver.counts == {"kept": 2}


def test_all_events_of_a_delivery_are_kept_or_none(make_receiver, monkeypatch):
    receiver, compile_statements = make_receiver(INSTALLED["hubspot"]), inboxes._compile_statements

    def refuse_second(rows):
        raise OSError("the disk is full")

    def write(items, connection):
        add, _ = compile_statements("sqlite")
        connection.exec_driver_sql(add, items[0][:1])
        refuse_second(items)

    delivery = hubspot_delivery(item(1), item(2))
    monkeypatch.setattr(inboxes, "_write", write)
    assert asyncio.run(receiver.handle(delivery.headers, delivery.body))[:2] == (503, None)
    assert stored(receiver) == []


def test_one_event_that_cannot_be_read_takes_none_of_the_others_with_it(make_receiver, caplog):
    receiver, got = make_receiver(INSTALLED["hubspot"]), []
    receiver.on()(lambda event: got.append(event.subject))
    delivery = hubspot_delivery(item(1), {"objectId": 5}, "no event", item(2))
    with ServedReceiver(receiver) as served:
        for _ in range(2):  # as often as the service sends it
            with served.connect() as line:
                assert line.ask(to_bytes(delivery))[0] == 200
        wait_until(lambda: len(got) == 2)
    assert sorted(got) == ["1", "2"]
    dead = receiver.inbox.find(C.state == "dead", 10)
    assert [(one.name, one.body, one.error) for one in dead] == [
        ("", b'{"objectId":5}', "The delivery has no event name."),
        ("", b'"no event"', "An event must be a JSON object."),
    ]
    assert "event kept as dead (1 so far): unreadable: The delivery has no event name." in caplog.text


def test_what_could_not_be_read_is_delivered_when_the_connector_can_read_it(make_receiver):
    hubspot = INSTALLED["hubspot"]
    trigger = hubspot.manifest.triggers["webhook"]
    wrong = trigger.model_copy(update={"event": trigger.event.model_copy(update={"name": "kind"})})
    delivery, got = hubspot_delivery(item(1)), []
    older = make_receiver(replace_trigger(hubspot, wrong))
    assert asyncio.run(older.handle(delivery.headers, delivery.body))[0] == 200
    newer = make_receiver(hubspot)
    newer.on("contact.creation")(lambda event: got.append((event.subject, event.account, event.error)))
    assert newer.inbox.replay(C.state == "dead") == 1
    with ServedReceiver(newer):
        wait_until(lambda: got)
    assert got == [("1", "7", None)]


def test_what_still_cannot_be_read_is_dead_again_at_once(make_receiver):
    receiver = make_receiver(INSTALLED["hubspot"])
    receiver.on()(lambda event: None)
    delivery = hubspot_delivery({"objectId": 5})
    assert asyncio.run(receiver.handle(delivery.headers, delivery.body))[0] == 200
    assert receiver.inbox.replay(C.state == "dead") == 1
    with ServedReceiver(receiver):
        wait_until(lambda: receiver.inbox.find(C.state == "dead", 10))
    (dead,) = receiver.inbox.find(C.state == "dead", 10)
    assert (dead.attempts, dead.error) == (1, "The delivery has no event name.")


def test_a_delivery_without_a_body_is_delivered_with_what_its_headers_say(make_receiver):
    receiver, got = make_receiver(INSTALLED["gcal"]), []
    receiver.on("exists")(lambda event: got.append((event.account, event.subject, event.data)))
    headers = {"X-Goog-Channel-Token": SHARED_SECRET, "X-Goog-Channel-ID": "ch1", "X-Goog-Message-Number": "10",
               "X-Goog-Resource-ID": "r1", "X-Goog-Resource-State": "exists"}  # fmt: skip
    with ServedReceiver(receiver) as served:
        assert served.post(b"", headers) == 200
        wait_until(lambda: got)
    assert got == [("ch1", "r1", {})]
    assert SHARED_SECRET not in stored(receiver)[0].headers


def test_the_fields_of_a_form_are_delivered(make_receiver):
    receiver, got = make_receiver(INSTALLED["slack"], trigger="commands"), []
    receiver.on("/forecast")(lambda event: got.append(event.data["text"]))
    sender = sender_of(INSTALLED["slack"], trigger="commands")
    delivery = sender.build_delivery("/forecast", {"command": "/forecast", "text": "Grüße & more", "trigger_id": "1"})
    with ServedReceiver(receiver) as served:
        assert served.post(delivery.body, delivery.headers) == 200
        wait_until(lambda: got)
    assert got == ["Grüße & more"]


@pytest.mark.parametrize(
    "name", ["discord", "wise", "sendgrid", "graph", "mailchimp", "mandrill", "meta", "paystack", "xero"]
)
def test_what_the_sandbox_sends_is_kept(make_receiver, name):
    connector = build_connector(name)
    secrets = get_sandbox_secrets(connector)
    receiver = make_receiver(connector, secrets)
    event = {
        "type": "x",
        "event": "x",
        "event_type": "x",
        "changeType": "x",
        "eventType": "x",
        "data": {"name": "x"},
        "_id": "1",
    }
    delivery = sender_of(connector, secrets).build_delivery("x", event)
    with ServedReceiver(receiver) as served, served.connect() as line:
        assert line.ask(to_bytes(delivery))[0] == 200
    assert len(stored(receiver)) == 1
