"""Errors of replies and transport failures: what happened, what is known, and what to do."""

from __future__ import annotations

import pytest
from support.exchange_world import ERROR_RULES, NOW, World, bad, fail_raw, maybe_sent, nothing_sent, ok, ready

from connector import errors
from connector.core.exchange import exchange
from connector.core.response.reply import Reply

LOOK = "The write may have succeeded; check before retrying."


@pytest.fixture
def lamp(folder):
    return folder(ERROR_RULES)


def refusal(connector, reply, method="GET", **options):
    return fail_raw(connector, World(reply), method, max_retries=0, **options)


def action(connector, reply, name="getUser"):
    plan, request, how = ready(connector, name, {"userId": "me"}, max_retries=0)
    with pytest.raises(errors.ConnectorError) as caught:
        World(reply).drive(exchange.run_call(plan, request, how, NOW + 60, NOW))
    return caught.value


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (bad(400, 300, "because"), "The service refused GET /x: HTTP 400, code 300: because. Look at the field"),
        (bad(403, 403, "not you"), "The service refused GET /x: HTTP 403: not you. Ask the account owner"),
        (ok({"message": ""}, 409), "The service refused GET /x: HTTP 409: no reason given. Fix the input"),
        (Reply(500, (("content-type", "text/plain"),), b"oh  no\n"), "The service refused GET /x: HTTP 500: oh no. Try again later"),
        (Reply(200, (("content-type", "text/html"),), b"<p>Sign in"), "GET /x: HTTP 200, unexpected content type text/html: <p>Sign in. Check"),
        (Reply(200, (("content-type", "application/json"),), b"[1"), "GET /x: HTTP 200, the reply is not JSON: EOF while parsing a list at line 1 column 2. Try again."),
        (Reply(200, (("content-type", "application/pdf"),), b"%PDF"), "GET /x: HTTP 200, the reply is not JSON: expected value at line 1 column 1. If the reply is not JSON, set response_type (--response-type) to text or binary."),
        (maybe_sent(), "GET /x: the connection broke. Try again; if the problem persists"),
    ],
)  # fmt: skip
def test_an_error_says_what_was_asked_what_came_and_what_to_do(zoom, reply, told):
    assert str(refusal(zoom, reply)).replace("https://api.zoom.us/v2", "").startswith(told)


def test_nobody_answered_names_the_whole_address(zoom):
    plan, request, how = ready(zoom, None, {"method": "GET", "path": "/x"}, max_retries=0)
    with pytest.raises(errors.TransportError) as caught:
        World(nothing_sent()).drive(exchange.run_call(plan, request, how, NOW + 60, NOW))
    assert str(caught.value).startswith(f"GET {request.base_url}/x: no connection.")


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("dns", "host"),
        ("tls", "SSL_CERT_FILE"),
        ("refused", "Nothing listens"),
        ("too_large", "less"),
        ("read", "network"),
    ],
)
def test_who_nobody_answered_is_told_where_to_look(zoom, kind, word):
    error = refusal(zoom, maybe_sent(kind))
    assert error.kind == kind
    assert word in error.hint
    assert refusal(zoom, maybe_sent(kind), "POST").hint == LOOK


def test_the_advice_of_the_manifest_takes_the_place_of_ours_but_not_of_a_warning(zoom):
    known = zoom.manifest.errors.hints["1001"]
    assert refusal(zoom, bad(404, 1001)).hint == known
    assert refusal(zoom, bad(500, 1001), "POST").hint == f"{LOOK} {known}"
    assert refusal(zoom, bad(500), "POST").hint == LOOK


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        (400, "D", errors.RateLimited, True), (400, "B", errors.RateLimited, True), (500, "R", errors.RateLimited, True),
        (400, "N", errors.NotFound, False), (500, "N", errors.NotFound, False), (410, 0, errors.NotFound, False),
        (404, 0, errors.NotFound, False), (403, 0, errors.Denied, False), (500, 0, errors.ServiceDown, True),
        (408, 0, errors.Rejected, True), (425, 0, errors.Rejected, True), (409, 0, errors.Rejected, False),
        (429, 0, errors.RateLimited, True), (400, "C", errors.PageError, False), (400, "S", errors.SignInError, False),
    ],
)  # fmt: skip
def test_a_meaning_goes_before_the_status_and_both_say_whether_to_try_again(lamp, status, code, kind, retryable):
    error = refusal(lamp, bad(status, code))
    assert (type(error), error.retryable, error.outcome) == (kind, retryable, "rejected")


def test_only_a_daily_limit_ends_at_midnight(lamp):
    assert refusal(lamp, bad(400, "D")).retry_at is not None
    assert refusal(lamp, bad(400, "B")).retry_at is None
    assert refusal(lamp, bad(400, "D", retry_after="7")).retry_at.timestamp() == NOW + 7
    assert refusal(lamp, bad(500, retry_after="7")).retry_at.timestamp() == NOW + 7
    assert refusal(lamp, bad(400, retry_after="7")).retry_at is None, "it would not help"


def test_what_came_is_kept_as_a_rejected_result_without_what_was_secret(zoom):
    token = "tok-canary-9f8e7d"
    reply = bad(400, token, f"{token} is odd", x_zm_trackingid=f"t-{token}", x_echo=token, date="today")
    error = fail_raw(zoom, World(reply, tokens=[token]), "GET", max_retries=0)
    assert (error.code, error.message, error.request_id) == ("***", "*** is odd", "t-***")
    kept = error.result
    assert (kept.status, kept.outcome, kept.data) == (400, "rejected", {"code": "***", "message": "*** is odd"})
    assert (kept.headers["x-echo"], kept.headers["date"], kept.request_id) == ("***", "today", "t-***")
    assert token not in str(error) + repr(vars(error)) + repr(kept.to_dict())
    looks = bad(400, 5, "no", x_echo="Bearer canary123", x_zm_signature="canary", x_zm_trackingid="?pwd=canary")
    error = refusal(zoom, looks)
    assert (error.result.headers["x-echo"], error.result.headers["x-zm-signature"]) == ("Bearer ***", "***")
    assert error.request_id == error.result.request_id == "?pwd=***"
    assert refusal(zoom, bad(400)).request_id is None
    assert refusal(zoom, bad(400)).result.request_id is None


def test_a_long_message_and_a_long_text_are_cut(zoom):
    error = refusal(zoom, bad(400, 300, "m" * 501))
    assert error.message == "m" * 500
    error = refusal(zoom, Reply(500, (("content-type", "text/plain"),), b"t" * 501))
    assert error.result.data == "t" * 500
    error = refusal(zoom, Reply(200, (("content-type", "text/html"),), b"h" * 501))
    assert f": {'h' * 200}." in str(error)


def test_where_a_service_sends_on_is_told_without_secrets_and_why_it_is_not_followed(zoom):
    away = Reply(307, (("location", "https://elsewhere.example/a?access_token=canary"),), b"")
    for method in ("GET", "POST"):
        error = refusal(zoom, away, method)
        assert error.message == "it redirects to https://elsewhere.example/a?access_token=***"
        assert error.hint.startswith("The redirect is not followed: ")
    assert "POST requests are not redirected" in error.hint
    assert "not a host that may receive credentials" in refusal(zoom, away).hint
    long = refusal(zoom, Reply(307, (("location", "https://elsewhere.example/".ljust(300, "a")),), b""), "POST")
    assert long.message == "it redirects to " + "https://elsewhere.example/".ljust(200, "a")


def test_a_missing_scope_says_what_to_add_and_what_would_do(zoom):
    named = action(zoom, bad(400, 4711, "does not contain scopes:[user:read:user]"))
    assert named.hint == (
        "Add user:read:user to the app, then connect again. "
        "Any of these is enough: user:read:user, user:read:user:admin."
    )
    assert (named.scopes, named.outcome, named.status, named.code) == (("user:read:user",), "rejected", 400, 4711)
    unnamed = action(zoom, bad(400, 4711, "nothing to see"))
    assert unnamed.scopes == ("user:read:user", "user:read:user:admin")
    raw = refusal(zoom, bad(400, 4711, "nothing to see"))
    assert (raw.scopes, raw.hint) == ((), "Add the scope to the app, then connect again.")


@pytest.mark.parametrize(("method", "retryable"), [("PUT", True), ("DELETE", True), ("POST", False)])
def test_after_a_lost_attempt_an_error_may_be_repeated_only_where_that_cannot_double_anything(zoom, method, retryable):
    asked = {"all_errors": True} if method == "POST" else {}
    error = fail_raw(zoom, World(maybe_sent(), nothing_sent(), nothing_sent()), method, **asked)
    assert (error.outcome, error.retryable) == ("uncertain", retryable)
    assert error.hint.startswith("An earlier attempt may have succeeded; check first. Nothing listens")
    error = fail_raw(zoom, World(maybe_sent(), bad(400)), method, **asked)
    assert (error.outcome, error.retryable) == ("uncertain", False)


def test_a_last_attempt_that_was_lost_too_is_told_once(zoom):
    assert fail_raw(zoom, World(maybe_sent()), "PUT").hint == LOOK
