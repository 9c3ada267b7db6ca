"""Promise 1 as a table: which methods are retried after which failure, and the outcome."""

from __future__ import annotations

import pytest
from support.exchange_world import NOW, World, bad, maybe_sent, nothing_sent, ok, ready

from connector import errors
from connector.core.exchange import exchange
from connector.core.response.reply import Reply

METHODS = ("GET", "HEAD", "PUT", "DELETE", "POST", "PATCH")
SAFE = ("GET", "HEAD")
REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")

HTML = Reply(200, (("content-type", "text/html"), ("content-length", "20")), b"<html>sign in</html>")
BROKEN = Reply(200, (("content-type", "application/json"), ("content-length", "5")), b'{"id"')
CUT = Reply(201, (("content-type", "application/json"), ("connection", "close")), b'{"id": 8451')

# failure -> (methods that are retried, error class, outcome for safe methods, outcome for the others)
TABLE = {
    "never connected": (nothing_sent(), METHODS, errors.TransportError, "not_sent", "not_sent"),
    "bad certificate": (nothing_sent("tls", final=True), (), errors.TransportError, "not_sent", "not_sent"),
    "reply lost": (maybe_sent(), REPEATABLE, errors.TransportError, "rejected", "uncertain"),
    "reply too large": (maybe_sent("too_large", final=True), (), errors.TransportError, "rejected", "uncertain"),
    "400": (bad(400), (), errors.Rejected, "rejected", "rejected"),
    "401": (bad(401), (), errors.SignInError, "rejected", "rejected"),
    "403": (bad(403), (), errors.Denied, "rejected", "rejected"),
    "404": (bad(404), (), errors.NotFound, "rejected", "rejected"),
    "405": (bad(405), (), errors.Rejected, "rejected", "rejected"),
    "408": (bad(408), REPEATABLE, errors.Rejected, "rejected", "uncertain"),
    "409": (bad(409), (), errors.Rejected, "rejected", "rejected"),
    "410": (bad(410), (), errors.NotFound, "rejected", "rejected"),
    "422": (bad(422), (), errors.Rejected, "rejected", "rejected"),
    "300 in the body": (bad(400, 300), (), errors.Rejected, "rejected", "rejected"),
    "3001 in the body": (bad(400, 3001), (), errors.NotFound, "rejected", "rejected"),
    "100": (Reply(100, (), b""), (), errors.Rejected, "rejected", "uncertain"),
    "101": (Reply(101, (("upgrade", "h2c"),), b""), (), errors.Rejected, "rejected", "uncertain"),
    **{
        f"{status}": (Reply(status, (("location", "/v2/x"),), b""), (), errors.Rejected, "rejected", "uncertain")
        for status in (301, 302, 303, 307, 308)
    },
    "300": (bad(300), (), errors.Rejected, "rejected", "uncertain"),
    "304": (Reply(304, (), b""), (), errors.Rejected, "rejected", "uncertain"),
    "407": (bad(407), (), errors.Rejected, "rejected", "rejected"),
    "421": (bad(421), (), errors.Rejected, "rejected", "rejected"),
    "425": (bad(425), METHODS, errors.Rejected, "rejected", "rejected"),
    "429": (bad(429), METHODS, errors.RateLimited, "rejected", "rejected"),
    "429 come back": (bad(429, retry_after="3"), METHODS, errors.RateLimited, "rejected", "rejected"),
    "429 daily": (bad(429, message="the daily limit"), (), errors.RateLimited, "rejected", "rejected"),
    "429 concurrent": (bad(429, message="too many concurrent"), METHODS, errors.RateLimited, "rejected", "rejected"),
    "500": (bad(500), REPEATABLE, errors.ServiceDown, "rejected", "uncertain"),
    "502": (bad(502), REPEATABLE, errors.ServiceDown, "rejected", "uncertain"),
    "503": (bad(503), REPEATABLE, errors.ServiceDown, "rejected", "uncertain"),
    "503 come back": (bad(503, retry_after="3"), METHODS, errors.ServiceDown, "rejected", "rejected"),
    "504": (bad(504), REPEATABLE, errors.ServiceDown, "rejected", "uncertain"),
    "502 page of a gateway": (
        Reply(502, HTML.headers, HTML.body),
        REPEATABLE,
        errors.ServiceDown,
        "rejected",
        "uncertain",
    ),
    "200 with a page": (HTML, (), errors.ServiceDown, "rejected", "uncertain"),
    "200 broken, where an error may have this status": (BROKEN, (), errors.ServiceDown, "rejected", "uncertain"),
    "201 cut by the end": (CUT, REPEATABLE, errors.ServiceDown, "rejected", "uncertain"),
    "200 with an error in it": (ok({"code": 300, "message": "no"}), (), errors.Rejected, "rejected", "rejected"),
}
CASES = [(method, name) for name in TABLE for method in METHODS if not (method == "HEAD" and name[0] == "2")]


def run(plan, request, how, world):
    with pytest.raises(errors.ConnectorError) as caught:
        world.drive(exchange.run_call(plan, request, how, NOW + 600, NOW))
    return caught.value


@pytest.mark.parametrize(("method", "name"), CASES)
def test_what_is_sent_again_and_what_is_known(zoom, method, name):
    got, repeated, kind, safe, other = TABLE[name]
    world = World(got, renewable=False)
    plan, request, how = ready(zoom, None, {"method": method, "path": "/x"})
    error = run(plan, request, how, world)
    assert len(world.sends) == (3 if method in repeated else 1)
    assert type(error) is kind
    assert error.outcome == (safe if method in SAFE else other)
    assert error.attempts == len(world.sends)
    assert error.hint
    if error.outcome == "uncertain":
        assert "check before retrying" in error.hint
        assert error.retryable == (method in repeated)
    if getattr(got, "final", False):
        assert not error.retryable


@pytest.mark.parametrize("name", [name for name in TABLE if "401" not in name])
def test_a_raw_caller_who_asks_for_every_retry_gets_no_more_than_he_allows(zoom, name):
    got, *_ = TABLE[name]
    world = World(got)
    plan, request, how = ready(zoom, None, {"method": "POST", "path": "/x"}, all_errors=True, max_retries=4)
    run(plan, request, how, world)
    never = getattr(got, "final", False) or "daily" in name
    assert len(world.sends) == (1 if never else 5)


ACTION = """\
action: {key}
label: Lamp
summary: Do it.
request: {request}
inputs: {{}}
{more}
"""


@pytest.mark.parametrize("name", [name for name in TABLE if "in the body" not in name and "error in it" not in name])
def test_a_post_that_only_reads_is_repeated_and_told_as_a_get_is(folder, name):
    connector = folder(
        "errors: {code: code, message: message}\n",
        {
            "find": ACTION.format(key="find", request="POST /search", more="read_only: true"),
            "get": ACTION.format(key="get", request="GET /search", more=""),
        },
    )
    told = []
    for key in ("find", "get"):
        world = World(TABLE[name][0], renewable=False)
        error = run(*ready(connector, key, {}), world)
        told.append((len(world.sends), type(error), error.outcome, error.retryable, "The write" in str(error)))
    assert told[0] == told[1]
    assert told[0][2:] != ("uncertain",)


@pytest.fixture
def lamp(folder):
    return folder(
        "errors: {code: code, message: message}\n",
        {
            "safe-post": ACTION.format(key="safePost", request="POST /search", more="idempotent: It only searches."),
            "plain-post": ACTION.format(key="plainPost", request="POST /lamps", more=""),
            "safe-patch": ACTION.format(key="safePatch", request="PATCH /lamps", more="idempotent: It sets a value."),
            "unsafe-put": ACTION.format(key="unsafePut", request="PUT /next", more="idempotent: false"),
            "plain-put": ACTION.format(key="plainPut", request="PUT /lamps", more=""),
            "unsafe-delete": ACTION.format(key="unsafeDelete", request="DELETE /last", more="idempotent: false"),
            "plain-delete": ACTION.format(key="plainDelete", request="DELETE /lamps", more=""),
        },
    )


@pytest.mark.parametrize(
    ("action", "repeats"),
    [
        ("safePost", True),
        ("plainPost", False),
        ("safePatch", True),
        ("unsafePut", False),
        ("plainPut", True),
        ("unsafeDelete", False),
        ("plainDelete", True),
    ],
)
@pytest.mark.parametrize("got", [maybe_sent(), bad(500)])
def test_a_file_says_what_may_be_repeated(lamp, action, repeats, got):
    world = World(got)
    error = run(*ready(lamp, action, {}), world)
    assert len(world.sends) == (3 if repeats else 1)
    assert (error.outcome, error.retryable) == ("uncertain", repeats)


def test_a_write_whose_file_forbids_it_is_still_repeated_when_it_was_provably_not_processed(lamp):
    for got in (nothing_sent(), bad(429), bad(503, retry_after="1")):
        for action in ("unsafePut", "unsafeDelete", "plainPost"):
            world = World(got)
            run(*ready(lamp, action, {}), world)
            assert len(world.sends) == 3
