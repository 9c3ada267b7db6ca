"""Token requests: which failures are retried, after which delay, and with which final error."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from connector import errors
from connector.core.auth import oauth
from connector.core.auth.oauth import TokenFailure
from connector.core.auth.oauth_client import OAuthClient
from connector.core.auth.token_set import TokenSet
from connector.core.response.reply import Failure, Reply
from connector.runtime.auth import token_endpoint

APP = OAuthClient("oauth2", "https://zoom.us/t", "id", "canary-secret")
OLD = TokenSet("canary-old", 5.0, refresh_token="canary-refresh", scopes=("a",))
ASKED = oauth.build_refresh_request(APP, OLD)
GOOD = Reply(200, (), b'{"access_token": "new"}')
LOST = Failure("read", "no reply to canary-refresh", sent="maybe")
UNSENT = Failure("dns", "no such host", sent="nothing")


def busy(status=503, after=None):
    return Reply(status, () if after is None else (("retry-after", str(after)),), b"")


class Seam:
    """A transport that returns these replies, the last one forever."""

    def __init__(self, *given):
        self.given, self.asked, self.closed = list(given), [], 0

    def send(self, request, credential, deadline, sink, cancel):
        self.asked.append((request, credential, deadline - time.monotonic(), sink, cancel))
        return self.given.pop(0) if len(self.given) > 1 else self.given[0]

    def close(self):
        self.closed += 1


@pytest.mark.parametrize(
    ("url", "hosts", "fits"),
    [
        ("https://zoom.us/t", ["zoom.us"], True), ("https://zoom.us/t", ["*.zoom.us"], False), ("https://evil.example/t", ["zoom.us"], False),
        ("http://127.0.0.1:1/t", [], True), ("https://localhost/t", [], True), ("http://zoom.us/t", ["zoom.us"], False),
    ],
)  # fmt: skip
def test_a_secret_goes_to_https_at_the_hosts_or_to_this_machine(url, hosts, fits):
    assert token_endpoint.is_allowed_url(url, hosts) is fits


def test_one_request_has_half_a_minute_and_a_seam_that_is_given_stays_open(clock):
    seam = Seam(GOOD)
    got = token_endpoint.request_token(ASKED, seam, clock, OLD)
    assert got == TokenSet("new", clock.time() + 3600, clock.time(), "canary-refresh", ("a",))
    ((request, signed, seconds, sink, stop),) = seam.asked
    assert (request, signed, sink, stop) == (*ASKED, None, None)
    assert 25 < seconds <= token_endpoint.SEND_TIMEOUT == 30.0
    assert seam.closed == 0
    assert token_endpoint.request_token(ASKED, seam, clock).refresh_token is None


def test_a_seam_of_its_own_is_closed_whatever_happens(clock, monkeypatch):
    seam = Seam(GOOD)
    monkeypatch.setattr(
        token_endpoint, "load_transport", lambda name, *, asynchronous: (name, asynchronous) == (None, False) and seam
    )
    assert token_endpoint.request_token(ASKED, None, clock).access_token == "new"
    assert seam.closed == 1
    seam.given = []
    with pytest.raises(IndexError):
        token_endpoint.request_token(ASKED, None, clock)
    assert seam.closed == 2


@pytest.mark.parametrize(
    ("failure", "refusal"),
    [
        (LOST, TokenFailure("later", "the token endpoint: no reply to ***", failure_kind="read", may_be_issued=True)),
        (UNSENT, TokenFailure("later", "the token endpoint: no such host", failure_kind="dns")),
        (
            Failure("tls", "bad", sent="nothing", final=True),
            TokenFailure("refused", "the token endpoint: bad", failure_kind="tls"),
        ),
    ],
)
def test_nobody_answering_is_told_without_secrets_and_with_what_may_be_lost(clock, failure, refusal):
    assert token_endpoint.request_token(ASKED, Seam(failure), clock) == refusal


def insisted(clock, *given):
    seam = Seam(*given)
    return token_endpoint.request_token_with_retries(ASKED, seam, clock, OLD), len(seam.asked)


@pytest.mark.parametrize(("jitter", "waits"), [(0.0, [0.5, 1.0]), (0.5, [1.0, 2.0])])
def test_trouble_is_tried_thrice_with_a_pause_between_and_none_after(clock, jitter, waits):
    clock.drawn = jitter
    answer, asked = insisted(clock, busy())
    assert (answer.category, asked, clock.waits) == ("later", 3, waits)


def test_each_try_brings_what_was_had_before(clock):
    answer, asked = insisted(clock, busy(), busy(429), GOOD)
    assert (answer.refresh_token, answer.scopes, asked) == ("canary-refresh", ("a",), 3)


@pytest.mark.parametrize(("after", "waits"), [(7, [7.0]), (10, [10.0]), (11, [])])
def test_a_service_that_wants_more_than_ten_seconds_is_not_waited_for(clock, after, waits):
    answer, asked = insisted(clock, busy(after=after), GOOD)
    assert (clock.waits, asked) == (waits, 1 + len(waits))
    assert isinstance(answer, TokenSet) is bool(waits)


def test_a_pause_that_is_asked_for_is_never_shorter_than_our_own(clock):
    clock.drawn = 0.9
    insisted(clock, busy(after=1), GOOD)
    assert clock.waits == [1.4]


def test_a_pause_has_nobody_who_ends_it_early(clock):
    stops = []
    clock.wait_or_stop = lambda seconds, stop: stops.append(stop)
    insisted(clock, busy(), GOOD)
    assert [stop.is_set() for stop in stops] == [False]


def test_a_lost_reply_is_asked_for_once_more_and_stays_told(clock):
    answer, asked = insisted(clock, LOST, LOST, GOOD)
    assert (answer.failure_kind, answer.may_be_issued, asked) == ("read", True, 2)
    answer, asked = insisted(clock, LOST, busy(429), busy(429))
    assert (answer.status, answer.may_be_issued, asked) == (429, True, 3), "the first one may have been done"
    answer, asked = insisted(clock, LOST, UNSENT, LOST, GOOD)
    assert (answer.may_be_issued, asked) == (True, 3)
    answer, asked = insisted(clock, UNSENT, UNSENT, GOOD)
    assert (answer.access_token, asked) == ("new", 3)
    answer, asked = insisted(clock, busy(), busy(), GOOD)
    assert (answer.access_token, asked) == ("new", 3), "a 5xx was an answer, and no silence"


def test_what_trying_again_cannot_help_is_asked_once(clock):
    for final in (Failure("tls", "bad", sent="nothing", final=True), Reply(400, (), b'{"error": "invalid_grant"}')):
        answer, asked = insisted(clock, final)
        assert (answer.may_be_issued, asked, clock.waits) == (False, 1, [])


@pytest.mark.parametrize(
    ("refusal", "kind", "told"),
    [
        (TokenFailure("later", "m", failure_kind="read"), errors.TransportError, {"kind": "read", "retryable": True, "hint": "Nothing is lost; try again later."}),
        (TokenFailure("refused", "m", failure_kind="tls"), errors.TransportError, {"kind": "tls", "retryable": False, "hint": "Look."}),
        (TokenFailure("later", "m", status=503), errors.ServiceDown, {"status": 503, "outcome": "not_sent", "retryable": True, "retry_at": None, "message": "m", "hint": "Nothing is lost; try again later."}),
        (TokenFailure("later", "m", retry_at=5.0, status=429), errors.RateLimited, {"status": 429, "outcome": "not_sent", "retryable": True, "retry_at": datetime.fromtimestamp(5, UTC)}),
        (TokenFailure("unreadable", "m", status=200), errors.ServiceDown, {"status": 200, "outcome": "not_sent", "retryable": False, "message": "m", "hint": "Look."}),
        (TokenFailure("refused", "m", "odd", status=400), errors.SignInError, {"status": 400, "code": "odd", "hint": "Look."}),
        (TokenFailure("client", "m", status=401), errors.SignInError, {"status": 401, "code": None, "hint": "Look."}),
    ],
)  # fmt: skip
def test_an_answer_without_a_token_is_the_error_of_whose_turn_it_is(refusal, kind, told):
    error = token_endpoint.build_token_error(refusal, hint="Look.")
    assert type(error) is kind
    assert str(error).startswith("No new token: m.")
    assert {name: getattr(error, name) for name in told} == told
