"""Changes are sent as signed events, in order, and never delay or fail the call."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest
from support.servers import GivenClock, reply

from connector import AsyncClient, Client, Connection, Connector, errors
from connector.core.response.reply import Failure, Reply
from connector.definition.events import EventType
from connector.definition.trigger import Trigger
from connector.runtime.webhooks.verify import verify_webhook
from connector.sandbox.data.state import SandboxState
from connector.sandbox.events.emitter import EventEmitter
from connector.sandbox.events.sender import get_sandbox_secret
from connector.sandbox.http.responses import ChangeEvent
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox
from connector.sandbox.service import SandboxService

URL = "http://127.0.0.1:9/events"


@dataclass
class Receiver:
    """A transport that records deliveries and returns a given reply."""

    connector: Connector
    answer: object = field(default_factory=lambda: Reply(200, (), b"{}"))
    deliveries: list = field(default_factory=list)

    def send(self, request, credential, deadline, sink, cancel):
        self.deliveries.append((dict(request.headers), request.body.to_bytes()))
        return self.answer

    def close(self):
        pass

    def events(self):
        secret = get_sandbox_secret(self.connector)
        return [verify_webhook(self.connector, secret, headers, body) for headers, body in self.deliveries]


def make_emitting_sandbox(connector, *, failures=None, answer=None, **faults):
    """A sandbox whose events go to a receiver in memory."""
    sandbox = Sandbox(connector, **faults)
    receiver = Receiver(connector)
    if answer is not None:
        receiver.answer = answer
    say = (failures if failures is not None else []).append
    sandbox.service.emitter = EventEmitter(connector, URL, http=receiver, on_failure=say)
    return sandbox, receiver


def received_events(sandbox, receiver):
    assert sandbox.wait_for_events(20)
    return receiver.events()


def test_a_meetings_life_is_reported_in_order(zoom):
    sandbox, receiver = make_emitting_sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        made = client.run("createMeeting", {"userId": "me", "topic": "Standup"}).data
        client.run("updateMeeting", {"meetingId": made["id"], "topic": "Retro"})
        client.request("DELETE", f"/meetings/{made['id']}")
    created, updated, deleted = received_events(sandbox, receiver)
    assert [one.name for one in (created, updated, deleted)] == [
        "meeting.created",
        "meeting.updated",
        "meeting.deleted",
    ]
    assert {one.object["id"] for one in (created, updated, deleted)} == {made["id"]}
    assert (created.object["topic"], updated.object["topic"]) == ("Standup", "Retro")
    assert len({one.key for one in (created, updated, deleted)}) == 3
    assert len({one.account for one in (created, updated, deleted)}) == 1


def test_a_registration_is_reported_inside_its_meeting(zoom):
    sandbox, receiver = make_emitting_sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        meeting = client.run("createMeeting", {"userId": "me", "topic": "Standup"}).data
        given = {"meetingId": meeting["id"], "email": "ines@example.com", "firstName": "Ines", "lastName": "Moreau"}
        client.run("addMeetingRegistrant", given)
        (listed,) = client.items("listMeetingRegistrants", {"meetingId": meeting["id"]})
    _, registered = received_events(sandbox, receiver)
    assert registered.name == "meeting.registration_created"
    assert (registered.object["id"], registered.object["topic"]) == (meeting["id"], "Standup")
    assert registered.object["registrant"]["email"] == "ines@example.com"
    assert registered.object["registrant"]["id"] == listed["id"]


def test_one_change_may_be_several_events(zoom):
    sandbox, receiver = make_emitting_sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        given = {"email": "new@example.com", "firstName": "Nia", "lastName": "Berg", "userType": 1}
        client.run("createUser", given)
    events = received_events(sandbox, receiver)
    assert [one.name for one in events] == ["user.created", "user.activated"]
    assert {one.object["email"] for one in events} == {"new@example.com"}


@pytest.mark.parametrize("call", ["getUser", "listUsers"])
def test_reading_is_no_event(zoom, call):
    sandbox, receiver = make_emitting_sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        client.run(call, {"userId": "me"} if call == "getUser" else {})
    assert received_events(sandbox, receiver) == []


def test_what_is_refused_is_no_event(zoom):
    sandbox, receiver = make_emitting_sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client, pytest.raises(errors.NotFound):
        client.run("updateMeeting", {"meetingId": 81234567890, "topic": "Retro"})
    assert received_events(sandbox, receiver) == []


def test_a_change_whose_reply_is_lost_is_reported_all_the_same(zoom):
    sandbox, receiver = make_emitting_sandbox(zoom, faults=["drop-reply"])
    with Client(zoom, sandbox.connection, http=sandbox.http) as client, pytest.raises(errors.TransportError):
        client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    assert [one.name for one in received_events(sandbox, receiver)] == ["meeting.created"]


def test_an_event_that_nobody_takes_is_said_once_and_breaks_nothing(zoom):
    failures = []
    sandbox, receiver = make_emitting_sandbox(
        zoom, failures=failures, answer=Failure("refused", "the connection was refused", sent="nothing")
    )
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        for topic in ("One", "Two", "Three"):
            assert client.run("createMeeting", {"userId": "me", "topic": topic}).status == 201
        assert sandbox.wait_for_events(20)
        assert len(failures) == 1
        assert "meeting.created was not delivered" in failures[0]
        receiver.answer = Reply(204, (), b"")
        client.run("createMeeting", {"userId": "me", "topic": "Four"})
        assert sandbox.wait_for_events(20)
        receiver.answer = Reply(500, (), b"secret reply")
        client.run("createMeeting", {"userId": "me", "topic": "Five"})
        assert sandbox.wait_for_events(20)
    assert len(failures) == 2, "a delivered event resets the report"
    assert "answered 500" in failures[1]
    assert "secret reply" not in failures[1]


def test_a_call_does_not_wait_for_its_events(zoom, server):
    answered, arrived = threading.Event(), threading.Event()

    def after_the_answer(_request):
        if answered.wait(20):
            arrived.set()
        return reply(json_={})

    server.always(after_the_answer)
    emitter = EventEmitter(zoom, f"{server.url}/hooks?of=zoom")
    with serve(SandboxService(zoom, SandboxState(None), emitter=emitter)) as sandbox_server:
        connection = Connection(zoom, "accessToken", accessToken="t")
        with Client(zoom, connection, base_url=sandbox_server.url) as client:
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
    with serve(service) as sandbox_server:
        connection = Connection(zoom, "accessToken", accessToken="t")
        with Client(zoom, connection, base_url=sandbox_server.url) as client:
            client.run("createMeeting", {"userId": "me", "topic": "Standup"}, timeout=60)
            answered.set()
            client.run("getUser", {"userId": "me"})  # on the same connection, so the first request is finished
    assert order == [True]


def test_a_client_that_closes_its_transport_has_sent_its_events(zoom):
    async def story():
        async with AsyncClient(zoom, sandbox.connection, http=sandbox.http) as client:
            await client.run("createMeeting", {"userId": "me", "topic": "Standup"})
        await sandbox.http.aclose()
        return [one.name for one in receiver.events()]

    sandbox, receiver = make_emitting_sandbox(zoom)
    assert asyncio.run(story()) == ["meeting.created"]


def test_nobody_hears_what_nobody_asked_for(zoom):
    sandbox = Sandbox(zoom)
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        client.run("createMeeting", {"userId": "me", "topic": "Standup"})
    assert sandbox.wait_for_events(0)


@pytest.mark.parametrize(
    "url", ["http://example.com/hook", "ftp://127.0.0.1/", "https://u:p@example.com/", "what", "http://127.0.0.1:1/ x"]
)
def test_events_go_to_https_or_this_machine_alone(zoom, url):
    with pytest.raises(errors.UsageError) as caught:
        Sandbox(zoom, webhook_url=url)
    assert "u:p" not in str(caught.value)


def test_a_record_that_is_the_whole_body_leaves_the_event_its_name_time_and_id(shop):
    trigger = {
        "label": "Hook", "summary": "Hear of orders.", "dedupe": ["id"],
        "signature": {"header": "x-sig", "payload": "{body}", "format": "{hex}"},
        "event": {"name": "type", "at": "created", "object": "."},
    }  # fmt: skip
    types = {"id": "id", "type": "string", "created": "integer", "total": "integer"}
    manifest = shop.manifest.model_copy(update={"triggers": {"hook": Trigger.model_validate(trigger)}})
    other = Connector(shop.folder, manifest)
    other.__dict__["events"] = {"order.paid": EventType(name="order.paid", group="g", body=types)}
    emitter = EventEmitter(other, URL, http=object(), clock=GivenClock())
    record = {"id": "order-1", "type": "gift", "created": 5, "total": 7}
    one, two = (emitter.build_body(ChangeEvent("order.paid", record)) for _ in range(2))
    assert (one["type"], one["total"]) == ("order.paid", 7)
    assert one["created"] > 5
    assert one["id"] != two["id"] != "order-1"
