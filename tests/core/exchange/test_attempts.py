"""One attempt: what signs its body, where a redirect takes it, what a download resumes, and what ends a wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.exchange_world import ERROR_RULES, NOW, World, bad, ok, ready

from connector import errors
from connector.core.exchange import exchange
from connector.core.exchange.asks import AcquireSlot, SendRequest, Sleep, YieldPage
from connector.core.request.credential import Credential
from connector.core.response.reply import Failure, Reply

BASE = "https://api.lamp.example/v2"
LIST = """\
action: listLamps
label: List
summary: List the lamps.
request: GET /lamps
pagination: {style: cursor, items: lamps, next: next, cursor_param: query.after}
"""
CREATE = """\
action: create
label: Create
summary: Make a lamp.
request: POST /lamps
inputs:
  name: {label: Name, help: Its name., type: string, to: body.name}
"""


@pytest.fixture
def lamp(folder):
    return folder(ERROR_RULES, {"list-lamps": LIST, "create": CREATE})


def call(connector, world, action, given, *, sink=None, rates=(), **changes):
    plan, request, how = ready(connector, action, given)
    request, how = replace(request, base_url=BASE, **changes), replace(how, sink=sink, rates=rates)
    return world.drive(exchange.run_call(plan, request, how, NOW + how.timeout, NOW))


def to(location):
    return Reply(302, (("location", location),), b"")


GET = {"method": "GET", "path": "/lamps/1"}
IN_BODY = Credential("s3cret-token", body=((("auth", "token"), "s3cret-token"),))


@pytest.mark.parametrize(
    ("action", "given", "sent"),
    [
        ("create", {"name": "Kitchen"}, {"name": "Kitchen", "auth": {"token": "s3cret-token"}}),
        ("create", {}, {"auth": {"token": "s3cret-token"}}),
        (None, GET, None),
    ],
)
def test_a_credential_in_the_body_goes_where_a_body_may_be(lamp, action, given, sent):
    world = World(ok({"id": 1}), tokens=[IN_BODY])
    call(lamp, world, action, given)
    (send,) = world.sends
    assert (send.request.body.value if send.request.body else None) == sent
    assert "s3cret-token" not in repr(send.request)


def test_a_redirect_within_the_allowed_hosts_is_followed_with_the_credential(lamp):
    world = World(to("https://api.lamp.example/v3/lamps/1"), ok({"id": 1}))
    result = call(lamp, world, None, GET)
    assert [send.request.url for send in world.sends] == [f"{BASE}/lamps/1", "https://api.lamp.example/v3/lamps/1"]
    assert [send.credential.secret for send in world.sends] == ["first", "first"]
    assert (result.data, result.attempts) == ({"id": 1}, 1)
    assert len(world.of(AcquireSlot)) == 0


def test_a_download_that_leaves_the_hosts_goes_without_the_credential_to_the_end(lamp):
    away = "https://files.storage-example.com"
    world = World(to(f"{away}/1?sig=abcdefgh"), to(f"{away}/2"), ok({"id": 1}))
    call(lamp, world, None, GET, may_leave_hosts=True)
    assert [send.credential.secret for send in world.sends] == ["first", "", ""]
    assert [send.credential.headers for send in world.sends[1:]] == [(), ()]
    assert world.sends[2].request.url == f"{away}/2"


def test_a_redirect_to_another_host_is_the_answer_of_the_service(lamp):
    world = World(to("https://elsewhere.example/lamps/1"), ok({"id": 1}))
    with pytest.raises(errors.Rejected, match=r"elsewhere\.example is not a host that may receive credentials"):
        call(lamp, world, None, GET)
    assert len(world.sends) == 1


class _Half:
    """A sink that has the first bytes of its file after the first attempt, and all of them after the second."""

    stall_timeout = 5.0

    def __init__(self):
        self.attempts = 0

    def resume_request(self, request):
        headers = (("Range", "bytes=4-"),) if self.attempts else ()
        return replace(request, headers=(*request.headers, *headers))

    def finish_attempt(self, reply):
        self.attempts += 1
        return Failure("cut", "4 of 9 bytes came", received=4) if self.attempts == 1 else replace(reply, is_stored=True)


def test_a_download_goes_on_where_it_was_cut(lamp):
    sink, whole = _Half(), Reply(200, (("content-type", "application/octet-stream"),), b"")
    world = World(whole)
    result = call(lamp, world, None, GET, sink=sink, reply_type="binary")
    assert [dict(send.request.headers).get("Range") for send in world.sends] == [None, "bytes=4-"]
    assert all(send.sink is sink for send in world.sends)
    assert (result.attempts, sink.attempts) == (2, 2)


def test_a_wait_for_a_slot_that_is_ended_sends_nothing(lamp):
    world = World(ok({}), gaps=[2.0])
    world.stop_waiting = errors.UsageError("The client was closed.")
    with pytest.raises(errors.UsageError, match="closed") as caught:
        call(lamp, world, None, GET, rates=("light",))
    assert caught.value is world.stop_waiting
    assert world.sends == []
    assert world.waits == [Sleep(2.0, 0.0, "rate budget")]


def test_a_wait_for_a_retry_that_is_ended_tells_what_was_tried(lamp):
    world = World(bad(503))
    world.stop_waiting = errors.UsageError("The client was closed.")
    with pytest.raises(errors.UsageError) as caught:
        call(lamp, world, None, GET)
    assert (caught.value.attempts, caught.value.outcome) == (1, "rejected")
    assert [type(ask) for ask in world.asks][-2:] == [AcquireSlot, Sleep]


def test_a_cursor_that_expires_in_a_stream_says_how_far_it_came(lamp):
    plan, request, how = ready(lamp, "listLamps", {})
    world = World(ok({"lamps": [1], "next": "A"}), ok({"lamps": [2], "next": "B"}), bad(400, "C", "expired"))
    with pytest.raises(errors.PageError) as caught:
        world.drive(exchange.stream_pages(plan, request, how, NOW))
    assert [ask.result.data["lamps"] for ask in world.of(YieldPage)] == [[1], [2]]
    assert (caught.value.pages, caught.value.cursor) == (2, "B")
    assert len(world.of(SendRequest)) == 3
