"""Injected faults affect the requested number of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import Client, Connection, Connector, errors
from connector.sandbox.http import faults
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.servers import GivenClock

NO_RETRY = {"maxRetries": 0}


@pytest.fixture(params=["in process", "over HTTP"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(request: pytest.FixtureRequest, zoom: Connector, mode: str, clock: GivenClock) -> Iterator[Client]:
    """A client of a sandbox with the faults that the test names."""
    sandbox = Sandbox(zoom, faults=request.param, clock=clock)
    if mode == "in process":
        with Client(zoom, sandbox.connection, http=sandbox.http, clock=clock) as one:
            yield one
        return
    connection = Connection(zoom, "accessToken", accessToken="t")
    with serve(sandbox.service) as server, Client(zoom, connection, base_url=server.url, clock=clock) as one:
        yield one


def with_faults(*named: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("client", [named], indirect=True, ids=["+".join(named)])


def meetings(client: Client) -> int:
    return len(client.run("listMeetings", {"userId": "me"}).data["meetings"])


@with_faults("429:2")
def test_too_many_calls_are_waited_for(client: Client, clock: GivenClock) -> None:
    assert client.run("createMeeting", {"userId": "me"}).attempts == 3
    assert all(wait >= 1 for wait in clock.waits)
    assert meetings(client) == 1


@with_faults("503:2")
def test_a_service_in_trouble_is_read_again_but_not_written_again(client: Client) -> None:
    with pytest.raises(errors.ServiceDown) as caught:
        client.run("createMeeting", {"userId": "me"})
    assert (caught.value.status, caught.value.outcome) == (503, "uncertain")
    result = client.run("listMeetings", {"userId": "me"})
    assert (result.attempts, result.data["meetings"]) == (2, [])


@with_faults("drop-reply")
def test_a_lost_reply_leaves_a_thing_that_may_be_there(client: Client) -> None:
    with pytest.raises(errors.TransportError) as caught:
        client.run("createMeeting", {"userId": "me"})
    assert caught.value.outcome == "uncertain"
    assert meetings(client) == 1


@with_faults("expire-token:2")
def test_a_token_that_is_no_longer_good_is_the_owners_turn(client: Client) -> None:
    for _ in range(2):
        with pytest.raises(errors.SignInError) as caught:
            client.run("createMeeting", {"userId": "me"})
        assert (caught.value.status, caught.value.code) == (401, 124)
    assert meetings(client) == 0


@with_faults("html")
def test_a_web_page_is_never_data(client: Client) -> None:
    with pytest.raises(errors.ServiceDown, match="unexpected content type text/html"):
        client.run("getUser", {"userId": "me"})
    assert client.run("getUser", {"userId": "me"}).data["first_name"] == "Ada"


@with_faults("cursor-loop")
def test_a_cursor_that_comes_back_ends_the_listing(client: Client) -> None:
    client.run("createMeeting", {"userId": "me"})
    with pytest.raises(errors.PageError, match="returned twice") as caught:
        client.run("listMeetings", {"userId": "me"})
    assert caught.value.pages == 2
    assert len(caught.value.result.data["meetings"]) == 2


@with_faults("429:1", "500:1")
def test_faults_come_in_the_order_they_were_named(client: Client) -> None:
    statuses = []
    for _ in range(2):
        with pytest.raises(errors.ApiError) as caught:
            client.request("GET", "/users", retry="engine")
        statuses.append(caught.value.status)
    assert statuses == [429, 500]
    assert client.request("GET", "/users", retry="engine").status == 200


def test_a_refused_connection_is_tried_again_for_every_method(zoom: Connector, clock: GivenClock) -> None:
    sandbox = Sandbox(zoom, faults=["refuse:2"])
    with Client(zoom, sandbox.connection, http=sandbox.http, clock=clock) as client:
        made = client.run("createMeeting", {"userId": "me"})
        assert (made.attempts, meetings(client)) == (3, 1)


def test_a_connection_that_is_closed_at_once_processed_nothing(zoom: Connector, clock: GivenClock) -> None:
    sandbox = Sandbox(zoom, faults=["refuse"])
    connection = Connection(zoom, "accessToken", accessToken="t")
    with serve(sandbox.service) as server, Client(zoom, connection, base_url=server.url, clock=clock) as client:
        with pytest.raises(errors.TransportError):
            client.run("createMeeting", {"userId": "me"})
        assert meetings(client) == 0


def test_a_slow_service_meets_the_deadline_without_a_wait(zoom: Connector) -> None:
    sandbox = Sandbox(zoom, faults=["slow:30"])
    with Client(zoom, sandbox.connection, http=sandbox.http) as client:
        with pytest.raises(errors.TransportError) as caught:
            client.run("createMeeting", {"userId": "me"}, timeout=5, retry=NO_RETRY)
        assert (caught.value.kind, caught.value.outcome) == ("read_timeout", "uncertain")
        assert client.run("getUser", {"userId": "me"}, timeout=60).status == 200


def test_a_slow_service_takes_its_time_over_http(zoom: Connector, clock: GivenClock) -> None:
    sandbox = Sandbox(zoom, faults=["slow:30"], clock=clock)
    connection = Connection(zoom, "accessToken", accessToken="t")
    with serve(sandbox.service) as server, Client(zoom, connection, base_url=server.url) as client:
        assert client.run("getUser", {"userId": "me"}).status == 200
    assert clock.waits == [30.0]


@pytest.mark.parametrize("by", ["listOrders", "listNotes", "listEvents", "listLogs"])
def test_a_loop_needs_a_cursor(shop: Connector, by: str) -> None:
    sandbox = Sandbox(shop, faults=["cursor-loop"])
    with Client(shop, sandbox.connection, http=sandbox.http) as client:
        client.run("addEvent", {"kind": "made"})
        client.run("addLog", {"line": "x"})
        if by in ("listEvents", "listLogs"):
            with pytest.raises(errors.PageError, match="returned twice"):
                client.run(by)
        else:
            assert client.run(by, {"orderId": "7"} if by == "listNotes" else {}).complete


@pytest.mark.parametrize(
    "text",
    ["", "429:0", "418", "slow:0", "slow:-1", "503:x", "drop-reply:1.5", "cursor-loop:2", "rain", "429 : 3", "600"],
)
def test_an_unknown_fault_is_reported_with_the_known_ones(text: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        faults.parse_fault(text)
    for known in ("429", "503", "drop-reply", "refuse", "expire-token", "slow", "html", "cursor-loop"):
        assert known in caught.value.hint


def test_faults_are_read_as_they_are_written() -> None:
    assert faults.parse_fault("429:3") == faults.Fault("status", 3, 429)
    assert faults.parse_fault(" 502 ") == faults.Fault("status", 1, 502)
    assert faults.parse_fault("refuse:2") == faults.Fault("refuse", 2)
    assert faults.parse_fault("slow:0.5") == faults.Fault("slow", 0, seconds=0.5)
    assert faults.parse_fault("slow").seconds > 0
