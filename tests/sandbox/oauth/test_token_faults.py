"""Injected faults of token requests, in process and over HTTP."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING

import pytest
from support.sandboxes.consents import record_requests, sign_in

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


class RenewalRun:
    """A client whose token has just expired, and the requests that reach the sandbox afterwards."""

    def __init__(self, client: Client, sandbox: Sandbox, grant: TokenSet) -> None:
        self.client, self.sandbox, self.grant = client, sandbox, grant
        self.seen = record_requests(sandbox)

    def read(self) -> int:
        """Return the status of a call that needs a new token first."""
        return self.client.run("getUser", ME).status


@pytest.fixture(params=["in process", "over HTTP"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def run(
    request: pytest.FixtureRequest, zoom: Connector, mode: str, clock: GivenClock, tmp_path: Path
) -> Iterator[RenewalRun]:
    """Faults and rotation come from the test; the sign-in before has no faults."""
    (named, rotation), path = request.param, tmp_path / "state.json"
    terms = TokenPolicy(rotation=rotation)
    grant = sign_in(Sandbox(zoom, path, clock=clock, token_policy=terms), clock).token_source.read_token_set()
    clock.passed += 3600
    sandbox = Sandbox(zoom, path, faults=named, clock=clock, token_policy=terms)
    token = grant.to_dict()
    with contextlib.ExitStack() as stack:
        if mode == "in process":
            work = Connection(zoom, "oauth2", http=sandbox.http, token=token, **sandbox.build_oauth_inputs())
            client = Client(zoom, work, http=sandbox.http, clock=clock)
        else:
            server = stack.enter_context(serve(sandbox.service))
            work = Connection(zoom, "oauth2", token=token, **server.build_oauth_inputs())
            client = Client(zoom, work, base_url=server.url, clock=clock)
        yield RenewalRun(stack.enter_context(client), sandbox, grant)


def with_faults(*named: str, rotation: str = "strict") -> pytest.MarkDecorator:
    return pytest.mark.parametrize("run", [(named, rotation)], indirect=True, ids=["+".join((*named, rotation))])


@with_faults("drop-token-reply")
def test_a_lost_reply_ends_a_strict_sign_in_and_says_so(run: RenewalRun) -> None:
    with pytest.raises(errors.SignInError, match="reply of the token endpoint was lost") as caught:
        run.read()
    assert run.seen == [TOKEN, TOKEN]
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value.to_dict())
    for secret in (run.grant.access_token, run.grant.refresh_token):
        assert secret not in shown
    with pytest.raises(errors.SignInError, match="ended"):
        run.read()
    assert run.seen == [TOKEN, TOKEN]


@with_faults("drop-token-reply", rotation="lenient")
def test_a_lost_reply_is_made_good_where_rotation_is_lenient(run: RenewalRun) -> None:
    assert run.read() == 200
    assert run.seen == [TOKEN, TOKEN, READ]


@with_faults("token-5xx:2")
def test_an_authority_in_trouble_is_asked_again(run: RenewalRun, clock: GivenClock) -> None:
    assert run.read() == 200
    assert run.seen == [TOKEN, TOKEN, TOKEN, READ]
    assert len(clock.waits) == 2


@with_faults("token-5xx:3")
def test_an_authority_that_stays_in_trouble_costs_no_connection(run: RenewalRun) -> None:
    with pytest.raises(errors.ServiceDown, match="503") as caught:
        run.read()
    assert caught.value.outcome == "not_sent"
    assert run.read() == 200
    assert run.seen == [TOKEN] * 4 + [READ]


@with_faults("invalid-grant")
def test_a_grant_that_is_refused_for_good_is_the_owners_turn(run: RenewalRun) -> None:
    for _ in range(2):
        with pytest.raises(errors.SignInError, match="invalid_grant"):
            run.read()
    assert run.seen == [TOKEN]


@with_faults("429", "token-5xx")
def test_faults_of_the_api_and_of_tokens_keep_apart(run: RenewalRun) -> None:
    result = run.client.run("getUser", ME)
    assert (result.status, result.attempts) == (200, 2)
    assert run.seen == [TOKEN, TOKEN, READ, READ]


@with_faults("expire-token")
def test_a_token_that_the_api_refuses_is_renewed_once(run: RenewalRun, clock: GivenClock) -> None:
    """A rejected new token is not renewed again within a minute."""
    with pytest.raises(errors.SignInError, match="less than a minute old"):
        run.read()
    assert run.seen == [TOKEN, READ]
    assert run.read() == 200
    assert run.seen == [TOKEN, READ, READ]


@with_faults("expire-token:2")
def test_a_token_of_a_minute_that_the_api_refuses_is_renewed_in_the_call(run: RenewalRun, clock: GivenClock) -> None:
    with pytest.raises(errors.SignInError, match="A call in a minute renews it") as caught:
        run.read()
    assert (caught.value.status, caught.value.attempts) == (401, 1)
    clock.passed += 60
    assert run.read() == 200
    assert run.seen == [TOKEN, READ, READ, TOKEN, READ]


def test_a_slow_authority_meets_the_deadline_without_a_wait(zoom: Connector) -> None:
    sandbox = Sandbox(zoom, faults=["slow-token:20"])
    work = Connection(zoom, "serverToServer", http=sandbox.http, **sandbox.build_oauth_inputs("serverToServer"))
    with Client(zoom, work, http=sandbox.http) as client:
        assert client.run("getUser", ME).status == 200


def test_a_slow_authority_that_is_too_slow_is_tried_again_once(zoom: Connector, clock: GivenClock) -> None:
    sandbox = Sandbox(zoom, faults=["slow-token:31"], clock=clock)
    seen = record_requests(sandbox)
    work = Connection(zoom, "serverToServer", http=sandbox.http, **sandbox.build_oauth_inputs("serverToServer"))
    with (
        Client(zoom, work, http=sandbox.http, clock=clock) as client,
        pytest.raises(errors.TransportError, match="in time"),
    ):
        client.run("getUser", ME)
    assert seen == [TOKEN, TOKEN]


def test_a_slow_authority_takes_its_time_over_http(zoom: Connector, clock: GivenClock) -> None:
    sandbox = Sandbox(zoom, faults=["slow-token:5"], clock=clock)
    with serve(sandbox.service) as server:
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
def test_what_is_no_fault_of_tokens_is_reported(text: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        faults.parse_fault(text)
    for known in ("drop-token-reply", "token-5xx", "slow-token", "invalid-grant"):
        assert known in caught.value.hint
