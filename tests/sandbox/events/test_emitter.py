"""What changes in the sandbox is told as the service tells it: signed, in order, and never at the call's cost."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from dataclasses import dataclass, field

import pytest
from support.servers import GivenClock, reply

from connector import AsyncClient, Client, Connection, Connector, errors
from connector.core.response.parser import Failure, Reply
from connector.definition.events import VALUE_TYPES, EventType, iter_leaf_fields
from connector.runtime.webhooks.verify import verifier_for, verify_webhook
from connector.sandbox.data.state import SandboxState
from connector.sandbox.events.emitter import EventEmitter
from connector.sandbox.events.samples import EventSamples
from connector.sandbox.events.sender import EventSender, build_signed_delivery, get_samples, get_sandbox_secret
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox
from connector.sandbox.service import SandboxService

URL = "http://127.0.0.1:9/events"


@dataclass
class Receiver:
    """A seam that takes what is sent, and answers as it is told."""

    connector: Connector
    answer: object = field(default_factory=lambda: Reply(200, (), b"{}"))
    taken: list = field(default_factory=list)

    def send(self, request, credential, deadline, sink, cancel):
        self.taken.append((dict(request.headers), request.body.to_bytes()))
        return self.answer

    def close(self):
        pass

    def events(self):
        secret = get_sandbox_secret(self.connector)
        return [verify_webhook(self.connector, secret, headers, body) for headers, body in self.taken]


def telling(connector, *, said=None, answer=None, **faults):
    """A sandbox whose events go to a receiver in memory."""
    box = Sandbox(connector, **faults)
    receiver = Receiver(connector)
    if answer is not None:
        receiver.answer = answer
    say = (said if said is not None else []).append
    box.service.emitter = EventEmitter(connector, URL, http=receiver, on_failure=say)
    return box, receiver


def told(box, receiver):
    assert box.wait_for_events(20)
    return receiver.events()


def test_a_meetings_life_is_told_in_order(zoom):
    box, receiver = telling(zoom)
    with Client(zoom, box.connection, http=box.http) as client:
        made = client.run("createMeeting", {"userId": "me", "topic": "Standup"}).data
        client.run("updateMeeting", {"meetingId": made["id"], "topic": "Retro"})
        client.request("DELETE", f"/meetings/{made['id']}")
    created, updated, deleted = told(box, receiver)
    assert [one.name for one in (created, updated, deleted)] == [
        "meeting.created",
        "meeting.updated",
        "meeting.deleted",
    ]
    assert {one.object["id"] for one in (created, updated, deleted)} == {made["id"]}
    assert (created.object["topic"], updated.object["topic"]) == ("Standup", "Retro")
    assert len({one.key for one in (created, updated, deleted)}) == 3
    assert len({one.account for one in (created, updated, deleted)}) == 1


def test_a_registration_is_told_inside_its_meeting(zoom):
    box, receiver = telling(zoom)
    with Client(zoom, box.connection, http=box.http) as client:
        meeting = client.run("createMeeting", {"userId": "me", "topic": "Standup"}).data
        given = {"meetingId": meeting["id"], "email": "ines@example.com", "firstName": "Ines", "lastName": "Moreau"}
        client.run("addMeetingRegistrant", given)
        (listed,) = client.items("listMeetingRegistrants", {"meetingId": meeting["id"]})
    _, registered = told(box, receiver)
    assert registered.name == "meeting.registration_created"
    assert (registered.object["id"], registered.object["topic"]) == (meeting["id"], "Standup")
    assert registered.object["registrant"]["email"] == "ines@example.com"
    assert registered.object["registrant"]["id"] == listed["id"]


def test_one_change_may_be_several_events(zoom):
    box, receiver = telling(zoom)
    with Client(zoom, box.connection, http=box.http) as client:
        given = {"email": "new@example.com", "firstName": "Nia", "lastName": "Berg", "userType": 1}
        client.run("createUser", given)
    events = told(box, receiver)
    assert [one.name for one in events] == ["user.created", "user.activated"]
    assert {one.object["email"] for one in events} == {"new@example.com"}


@pytest.mark.parametrize("call", ["getUser", "listUsers"])
def test_reading_is_no_event(zoom, call):
    box, receiver = telling(zoom)
    with Client(zoom, box.connection, http=box.http) as client:
        client.run(call, {"userId": "me"} if call == "getUser" else {})
    assert told(box, receiver) == []


def test_what_is_refused_is_no_event(zoom):
    box, receiver = telling(zoom)
    with Client(zoom, box.connection, http=box.http) as client, pytest.raises(errors.NotFound):
        client.run("updateMeeting", {"meetingId": 81234567890, "topic": "Retro"})
    assert told(box, receiver) == []


def test_a_change_whose_reply_is_lost_is_told_all_the_same(zoom):
    box, receiver = telling(zoom, faults=["drop-reply"])
    with Client(zoom, box.connection, http=box.http) as client, pytest.raises(errors.TransportError):
        client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    assert [one.name for one in told(box, receiver)] == ["meeting.created"]


def test_an_event_that_nobody_takes_is_said_once_and_breaks_nothing(zoom):
    said = []
    box, receiver = telling(zoom, said=said, answer=Failure("refused", "the connection was refused", sent="nothing"))
    with Client(zoom, box.connection, http=box.http) as client:
        for topic in ("One", "Two", "Three"):
            assert client.run("createMeeting", {"userId": "me", "topic": topic}).status == 201
        assert box.wait_for_events(20)
        assert len(said) == 1
        assert "meeting.created was not delivered" in said[0]
        receiver.answer = Reply(204, (), b"")
        client.run("createMeeting", {"userId": "me", "topic": "Four"})
        assert box.wait_for_events(20)
        receiver.answer = Reply(500, (), b"secret reply")
        client.run("createMeeting", {"userId": "me", "topic": "Five"})
        assert box.wait_for_events(20)
    assert len(said) == 2, "one that arrived begins anew"
    assert "answered 500" in said[1]
    assert "secret reply" not in said[1]


def test_a_call_does_not_wait_for_its_events(zoom, server):
    answered, arrived = threading.Event(), threading.Event()

    def after_the_answer(_request):
        if answered.wait(20):
            arrived.set()
        return reply(json_={})

    server.always(after_the_answer)
    emitter = EventEmitter(zoom, f"{server.url}/hooks?of=zoom")
    with serve(SandboxService(zoom, SandboxState(None), emitter=emitter)) as served:
        connection = Connection(zoom, "accessToken", accessToken="t")
        with Client(zoom, connection, base_url=served.url) as client:
            client.run("createMeeting", {"userId": "me", "topic": "Standup"})
            answered.set()
            assert arrived.wait(20)
        emitter.close()
    (asked,) = server.requests
    assert (asked.method, asked.target) == ("POST", b"/v2/hooks?of=zoom")
    assert asked.header("content-type") == "application/json; charset=utf-8"
    headers = [(name.decode(), value.decode()) for name, value in asked.lines]
    got = verify_webhook(zoom, get_sandbox_secret(zoom), headers, asked.body)
    assert (got.name, got.object["topic"]) == ("meeting.created", "Standup")


def test_the_answer_goes_out_before_its_events(zoom):
    answered, order = threading.Event(), []

    class Held:
        def enqueue(self, changes):
            if changes:
                order.append(answered.wait(20))

    service = SandboxService(zoom, SandboxState(None), emitter=Held())
    with serve(service) as served:
        connection = Connection(zoom, "accessToken", accessToken="t")
        with Client(zoom, connection, base_url=served.url) as client:
            client.run("createMeeting", {"userId": "me", "topic": "Standup"}, timeout=60)
            answered.set()
            client.run("getUser", {"userId": "me"})  # on the same connection: what came before is done
    assert order == [True]


def test_a_client_that_closes_its_seam_has_sent_its_events(zoom):
    async def story():
        async with AsyncClient(zoom, box.connection, http=box.http) as client:
            await client.run("createMeeting", {"userId": "me", "topic": "Standup"})
        await box.http.aclose()
        return [one.name for one in receiver.events()]

    box, receiver = telling(zoom)
    assert asyncio.run(story()) == ["meeting.created"]


def test_nobody_hears_what_nobody_asked_for(zoom):
    box = Sandbox(zoom)
    with Client(zoom, box.connection, http=box.http) as client:
        client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    assert box.wait_for_events(0)


@pytest.mark.parametrize(
    "url", ["http://example.com/hook", "ftp://127.0.0.1/", "https://u:p@example.com/", "what", "http://127.0.0.1:1/ x"]
)
def test_events_go_to_https_or_this_machine_alone(zoom, url):
    with pytest.raises(errors.UsageError) as caught:
        Sandbox(zoom, webhook_url=url)
    assert "u:p" not in str(caught.value)


def test_every_kind_of_event_can_be_made_and_is_signed_as_the_services(zoom):
    samples = get_samples(zoom)
    sender = EventSender(zoom, URL, "a-secret-token", http=Receiver(zoom), clock=GivenClock())
    now = sender.clock.time()
    for name, kind in zoom.events.items():
        body = samples.build_body(kind, now)
        raw = json.dumps(body).encode()
        got = verify_webhook(zoom, "a-secret-token", sender.build_headers(name, raw), raw, now=now)
        assert got.name == name
        assert got.at is None or abs(got.at.timestamp() - now) < 0.001
        for path, word in iter_leaf_fields(kind.body):
            for value in _all(body, path):
                assert FITS[word](value), (name, path, word, value)


def _all(data, path):
    if isinstance(data, list):
        return [one for item in data for one in _all(item, path)]
    return _all(data[path[0]], path[1:]) if path else [data]


def _text(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


FITS = {
    "string": _text(r"(?s).+"), "id": _text(r"\S+"), "digits": _text(r"[0-9]+"), "secret": _text(r"\S+"),
    "uuid": _text(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "base64": _text(r"[A-Za-z0-9+/]{22}=="),
    "email": _text(r"\S+@\S+\.\w+"), "url": _text(r"https?://\S+"), "phone": _text(r"\+[0-9]{8,15}"), "timezone": _text(r"[A-Z]\S+"),
    "datetime": _text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "date": _text(r"\d{4}-\d\d-\d\d"),
    "integer": lambda value: type(value) is int, "integer id": lambda value: type(value) is int and value > 9_999_999,
    "milliseconds": lambda value: type(value) is int and value > 10**12, "number": lambda value: type(value) is float,
    "boolean": lambda value: type(value) is bool,
}  # fmt: skip


def test_the_types_are_all_judged_above():
    assert set(FITS) == set(VALUE_TYPES)


def test_two_events_tell_two_things_of_one_account(zoom):
    samples, kind = get_samples(zoom), zoom.events["meeting.participant_joined"]
    one, other = (samples.build_body(kind, 1.8e9, count)["payload"] for count in (1, 2))
    assert one["account_id"] == other["account_id"]
    for name in ("id", "uuid"):
        assert one["object"][name] != other["object"][name]
    assert one["object"]["participant"]["user_id"] != other["object"]["participant"]["user_id"]
    assert samples.build_body(kind, 1.8e9, 1)["payload"] == one, "the same count is the same event"


def test_nothing_of_a_sample_is_a_real_address_or_number(zoom):
    for kind in zoom.events.values():
        text = json.dumps(get_samples(zoom).build_body(kind, 1.8e9))
        assert {host.rpartition("@")[2] for host in re.findall(r"[\w.]+@[\w.]+", text)} <= {"example.com"}
        assert set(re.findall(r"https?://([^/\"]+)", text)) <= {"example.com"}


SIGNED_ELSEWHERE = {
    "label": "Hook", "summary": "Hear of orders.",
    "inputs": {"hookSecret": {"label": "Secret", "help": "The secret.", "type": "password", "required": True}},
    "signature": {"header": "webhook-signature", "timestamp": "header.webhook-timestamp", "id": "header.webhook-id",
                  "signs": "{id}.{timestamp}.{body}", "looks": "v1,{base64}", "many": " ", "digest": "base64",
                  "secret": "base64", "secret_prefix": "whsec_"},
    "event": {"name": "header.x-topic", "at": "sent", "object": "."}, "dedupe": ["header.webhook-id"], "max_age": 300,
}  # fmt: skip


def test_another_services_way_to_sign_is_played_too(shop):
    manifest = shop.manifest.model_copy(
        update={"triggers": {"hook": type(verifier_for(Connector.open()).trigger).model_validate(SIGNED_ELSEWHERE)}}
    )
    other = Connector(shop.folder, manifest)
    sender = EventSender(other, URL, get_sandbox_secret(other), http=Receiver(other), clock=GivenClock())
    kind = EventType(name="order.paid", group="orders", body={"sent": "milliseconds", "total": "integer"})
    body = EventSamples(other, manifest.triggers["hook"]).build_body(kind, sender.clock.time())
    assert set(body) == {"sent", "total"}, "its name goes in a header"
    raw = json.dumps(body).encode()
    got = verify_webhook(
        other, get_sandbox_secret(other), sender.build_headers("order.paid", raw), raw, now=sender.clock.time()
    )
    assert got.name == "order.paid"


def test_a_delivery_to_test_with_is_one_that_verifies(zoom):
    headers, body = build_signed_delivery(zoom, "user.activated")
    assert verify_webhook(zoom, get_sandbox_secret(zoom), headers, body).name == "user.activated"
    assert build_signed_delivery(zoom, "user.activated", now=1.8e9) == build_signed_delivery(
        zoom, "user.activated", now=1.8e9
    )
    other = build_signed_delivery(zoom, "user.activated", secret="a-secret-of-mine", now=1.8e9, count=2)
    assert verify_webhook(zoom, "a-secret-of-mine", *other, now=1.8e9).object["id"]
    with pytest.raises(errors.UsageError, match=r"Did you mean 'user\.activated'\?"):
        build_signed_delivery(zoom, "user.activate")
