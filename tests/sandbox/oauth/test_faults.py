"""What goes wrong on request while a token is renewed, in process and over HTTP."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING

import pytest
from support.sandboxes.consents import counted, signed_in

from connector import Client, Connection, Connector, errors
from connector.sandbox.data.issued_tokens import TokenPolicy
from connector.sandbox.http import faults
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.servers import GivenClock

    from connector.core.auth.oauth import TokenSet

ME = {"userId": "me"}
TOKEN = "POST /oauth/token"
READ = "GET /v2/users/me"


class Story:
    """A client whose token has just ended, and everything that reaches the sandbox from then on."""

    def __init__(self, client: Client, box: Sandbox, grant: TokenSet) -> None:
        self.client, self.box, self.grant = client, box, grant
        self.seen = counted(box)

    def read(self) -> int:
        """The status of a call, which needs a new token first."""
        return self.client.run("getUser", ME).status


@pytest.fixture(params=["in process", "over HTTP"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def story(
    request: pytest.FixtureRequest, zoom: Connector, way: str, clock: GivenClock, tmp_path: Path
) -> Iterator[Story]:
    """The faults and the rotation are the test's; the sign-in before had no faults."""
    (named, rotation), path = request.param, tmp_path / "state.json"
    terms = TokenPolicy(rotation=rotation)
    grant = signed_in(Sandbox(zoom, path, clock=clock, token_policy=terms), clock).token_source.read_token_set()
    clock.passed += 3600
    box = Sandbox(zoom, path, faults=named, clock=clock, token_policy=terms)
    token = grant.to_dict()
    with contextlib.ExitStack() as stack:
        if way == "in process":
            work = Connection(zoom, "oauth2", http=box.http, token=token, **box.build_oauth_inputs())
            client = Client(zoom, work, http=box.http, clock=clock)
        else:
            server = stack.enter_context(serve(box.service))
            work = Connection(zoom, "oauth2", token=token, **server.build_oauth_inputs())
            client = Client(zoom, work, base_url=server.url, clock=clock)
        yield Story(stack.enter_context(client), box, grant)


def having(*named: str, rotation: str = "strict") -> pytest.MarkDecorator:
    return pytest.mark.parametrize("story", [(named, rotation)], indirect=True, ids=["+".join((*named, rotation))])


@having("drop-token-reply")
def test_a_lost_reply_ends_a_strict_sign_in_and_says_so(story: Story) -> None:
    with pytest.raises(errors.SignInError, match="reply of the token endpoint was lost") as caught:
        story.read()
    assert story.seen == [TOKEN, TOKEN]
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value.to_dict())
    for secret in (story.grant.access_token, story.grant.refresh_token):
        assert secret not in shown
    with pytest.raises(errors.SignInError, match="ended"):
        story.read()
    assert story.seen == [TOKEN, TOKEN]


@having("drop-token-reply", rotation="lenient")
def test_a_lost_reply_is_made_good_where_rotation_is_lenient(story: Story) -> None:
    assert story.read() == 200
    assert story.seen == [TOKEN, TOKEN, READ]


@having("token-5xx:2")
def test_an_authority_in_trouble_is_asked_again(story: Story, clock: GivenClock) -> None:
    assert story.read() == 200
    assert story.seen == [TOKEN, TOKEN, TOKEN, READ]
    assert len(clock.waits) == 2


@having("token-5xx:3")
def test_an_authority_that_stays_in_trouble_costs_no_connection(story: Story) -> None:
    with pytest.raises(errors.ServiceDown, match="503") as caught:
        story.read()
    assert caught.value.outcome == "not_sent"
    assert story.read() == 200
    assert story.seen == [TOKEN] * 4 + [READ]


@having("invalid-grant")
def test_a_grant_that_is_refused_for_good_is_the_owners_turn(story: Story) -> None:
    for _ in range(2):
        with pytest.raises(errors.SignInError, match="invalid_grant"):
            story.read()
    assert story.seen == [TOKEN]


@having("429", "token-5xx")
def test_faults_of_the_api_and_of_tokens_keep_apart(story: Story) -> None:
    result = story.client.run("getUser", ME)
    assert (result.status, result.attempts) == (200, 2)
    assert story.seen == [TOKEN, TOKEN, READ, READ]


@having("expire-token")
def test_a_token_that_the_api_refuses_is_renewed_once(story: Story, clock: GivenClock) -> None:
    """It is refused although it is new: no other is asked for within a minute."""
    with pytest.raises(errors.SignInError, match="less than a minute old"):
        story.read()
    assert story.seen == [TOKEN, READ]
    assert story.read() == 200
    assert story.seen == [TOKEN, READ, READ]


def test_a_slow_authority_meets_the_deadline_without_a_wait(zoom: Connector) -> None:
    box = Sandbox(zoom, faults=["slow-token:20"])
    work = Connection(zoom, "serverToServer", http=box.http, **box.build_oauth_inputs("serverToServer"))
    with Client(zoom, work, http=box.http) as client:
        assert client.run("getUser", ME).status == 200


def test_a_slow_authority_that_is_too_slow_is_tried_again_once(zoom: Connector, clock: GivenClock) -> None:
    box = Sandbox(zoom, faults=["slow-token:31"], clock=clock)
    seen = counted(box)
    work = Connection(zoom, "serverToServer", http=box.http, **box.build_oauth_inputs("serverToServer"))
    with (
        Client(zoom, work, http=box.http, clock=clock) as client,
        pytest.raises(errors.TransportError, match="in time"),
    ):
        client.run("getUser", ME)
    assert seen == [TOKEN, TOKEN]


def test_a_slow_authority_takes_its_time_over_http(zoom: Connector, clock: GivenClock) -> None:
    box = Sandbox(zoom, faults=["slow-token:5"], clock=clock)
    with serve(box.service) as server:
        work = Connection(zoom, "serverToServer", **server.build_oauth_inputs("serverToServer"))
        with Client(zoom, work, base_url=server.url, clock=clock) as client:
            assert client.run("getUser", ME).status == 200
    assert clock.waits == [5.0]


def test_the_faults_of_tokens_are_read_as_they_are_written() -> None:
    assert faults.parse_fault("drop-token-reply:2") == faults.Fault("drop-token-reply", 2, target="token")
    assert faults.parse_fault("token-5xx") == faults.Fault("token-5xx", 1, target="token")
    assert faults.parse_fault("invalid-grant") == faults.Fault("invalid-grant", 1, target="token")
    assert faults.parse_fault("slow-token:0.5") == faults.Fault("slow-token", 0, seconds=0.5, target="token")


@pytest.mark.parametrize("text", ["token-503", "token-5xx:0", "slow-token:0", "invalid-grant:x", "drop-token"])
def test_what_is_no_fault_of_tokens_is_told(text: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        faults.parse_fault(text)
    for known in ("drop-token-reply", "token-5xx", "slow-token", "invalid-grant"):
        assert known in caught.value.hint
