"""OAuth requests follow the standards, and any reply becomes a token set or a failure without secrets."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.core.auth import oauth, token_reply, token_set
from connector.core.auth.oauth import TokenFailure
from connector.core.auth.oauth_client import OAuthClient, TokenFields
from connector.core.auth.token_set import TokenSet
from connector.core.response.reply import Reply

NOW = 1_800_000_000.0
SECRET, REFRESH, CODE, VERIFIER, ACCESS = (
    f"canary-{one}/+{one}" for one in ("secret", "refresh", "code", "ver", "acc")
)
APP = OAuthClient(
    "oauth2", token_url="https://zoom.us/oauth/token", client_id="app-1", client_secret=SECRET,
    authorize_url="https://zoom.us/oauth/authorize?x=1", revoke_url="https://zoom.us/oauth/revoke",
)  # fmt: skip
OLD = TokenSet(ACCESS, NOW - 10, NOW - 3610, REFRESH, ("a", "b"), "https://api.zoom.us")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "access_token", "token_type", "expires_in", "refresh_token", "scope", "api_url", "error", "error_description",
    "reason", "message", "code",
)  # fmt: skip
LIKELY = st.sampled_from(
    [ACCESS, "bearer", "Bearer", "mac", 3600, "3600", "a b", "invalid_grant", "", 0, -1, 10**400, SECRET]
)
STATUS = st.sampled_from([200, 201, 204, 299, 302, 400, 401, 403, 404, 408, 429, 500, 503, 599])


def parse_reply(status, body, headers=(("content-type", "application/json"),)):
    request, _ = oauth.build_refresh_request(APP, OLD)
    return token_reply.parse_token_reply(
        request, Reply(status, headers, body), NOW, OLD, TokenFields(base_url="api_url")
    )


def assert_safe(answer):
    """Check that a failure is one short line without secrets, and that a token set is usable."""
    if isinstance(answer, TokenSet):
        assert token_set.is_header_safe(answer.access_token)
        assert NOW <= answer.expires_at <= NOW + token_reply.MAX_LIFETIME
        assert TokenSet.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer
        repr(answer)
        return
    assert answer.category in ("grant", "client", "refused", "later", "unreadable")
    assert answer.message.isprintable()
    assert len(answer.message) < 500
    for text in (answer.message, answer.code, repr(answer)):
        assert not [one for one in (SECRET, REFRESH, ACCESS) if one in text]


@given(STATUS, st.dictionaries(st.sampled_from(NAMES), JSON | LIKELY))
@example(200, {"access_token": ACCESS, "expires_in": float("nan")})
@example(200, {"access_token": ACCESS, "expires_in": float("inf")})
@example(200, {"access_token": ACCESS, "token_type": SECRET})
@example(400, {"error": SECRET, "error_description": f"{REFRESH} {ACCESS}"})
def test_any_json_is_a_grant_or_a_plain_refusal(status, data):
    assert_safe(parse_reply(status, json.dumps(data).encode()))


@given(STATUS, JSON)
def test_so_is_json_that_is_no_object(status, data):
    answer = parse_reply(status, json.dumps(data).encode())
    assert_safe(answer)
    assert isinstance(answer, TokenFailure)


@given(STATUS, st.binary())
@example(200, b"[" * 10_000)
@example(200, b'{"error": ' + b"9" * 10_000 + b"}")
@example(200, b'{"error": "\\ud800"}')
@example(200, b"application/")
def test_so_are_any_bytes(status, body):
    answer = parse_reply(status, body)
    assert_safe(answer)
    if not body.lstrip().startswith(b"{"):
        text = body.decode("utf-8", "replace")
        assert len(text) < 12 or text not in answer.message.replace(parse_reply(status, b"?").message, "")


@given(st.text(st.characters(codec="latin-1")))
@example(f"text/{SECRET}")
def test_so_is_any_content_type(kind):
    assert_safe(parse_reply(200, b"no json", (("content-type", kind),)))


@pytest.mark.parametrize(
    ("status", "data", "fault"),
    [(400, {"error": "invalid_grant"}, "grant"), (401, {"error": "invalid_client"}, "client"),
     (400, {"error": "invalid_client"}, "client"), (200, {"error": "invalid_grant", "access_token": "x"}, "grant"),
     (400, {"error": "invalid_request"}, "refused"), (403, {}, "refused"), (302, {}, "refused"),
     (400, {"error": "temporarily_unavailable"}, "later"), (400, {"error": "slow_down"}, "later"),
     (503, {"error": "invalid_grant"}, "later"), (429, {"error": "invalid_client"}, "later"), (200, {}, "unreadable")],
)  # fmt: skip
def test_a_reply_says_whose_turn_it_is(status, data, fault):
    assert parse_reply(status, json.dumps(data).encode()).category == fault


@pytest.mark.parametrize(
    ("status", "body", "lost"),
    [(200, b"{}", True), (200, b"<html>", True), (500, b"", True), (503, b"", True), (429, b"", False), (400, b"{}", False),
     (404, b"<html>", False), (302, b"", False)],
)  # fmt: skip
def test_a_reply_says_whether_a_token_may_have_gone_astray(status, body, lost):
    assert parse_reply(status, body).may_be_issued is lost


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(None, 3600.0), (0, 0.0), (-1, 0.0), (1.5, 1.5), ("60", 60.0), (" 60 ", 60.0), (10**400, token_reply.MAX_LIFETIME),
     ("3600.0", 3600.0), ("-1", 0.0), (1e12, token_reply.MAX_LIFETIME), ("9" * 13, token_reply.MAX_LIFETIME),
     ("000000000007", 7.0), ("\u00a060", 60.0), ("9" * 200, 3600.0), (True, 3600.0), ("soon", 3600.0), ("", 3600.0),
     ("1e3", 3600.0), ("٣", 3600.0), ([], 3600.0), ({}, 3600.0)],
)  # fmt: skip
def test_a_life_is_a_number_of_seconds_and_an_hour_where_it_is_none(said, seconds):
    answer = parse_reply(200, json.dumps({"access_token": "x", "expires_in": said}).encode())
    assert (answer.expires_at, answer.obtained_at) == (NOW + seconds, NOW)


def test_what_a_reply_leaves_out_stays_as_it_was():
    made = parse_reply(200, b'{"access_token": "new"}')
    assert (made.refresh_token, made.scopes, made.api_url) == (REFRESH, ("a", "b"), "https://api.zoom.us")
    told = {"access_token": "new", "refresh_token": "r", "scope": "b", "api_url": "https://x.zoom.us"}
    made = parse_reply(200, json.dumps(told).encode())
    assert (made.refresh_token, made.scopes, made.api_url) == ("r", ("b",), "https://x.zoom.us")
    assert token_set.find_lost_scopes(made, OLD) == ("a",)


def test_the_challenge_is_the_one_of_the_standard():
    """The example of RFC 7636, appendix B."""
    url = oauth.build_authorize_url(
        APP, "http://127.0.0.1/callback", "st", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "x": "1", "response_type": "code", "client_id": "app-1", "redirect_uri": "http://127.0.0.1/callback", "state": "st",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    }  # fmt: skip


def test_no_secret_is_in_a_url_or_shows_of_a_request():
    asked = [
        oauth.build_code_request(APP, CODE, "http://127.0.0.1/callback", VERIFIER),
        oauth.build_refresh_request(APP, OLD),
        oauth.build_revoke_request(APP, ACCESS),
        oauth.build_revoke_request(APP, REFRESH),
    ]
    for request, signed in asked:
        assert request.query == ()
        for text in (
            repr(request),
            str(request),
            repr(signed),
            json.dumps(request.to_dict()),
            request.base_url,
            request.path,
        ):
            assert "canary" not in text
        secrets = (SECRET, *(value for name, value in request.body.value if name in ("code", "code_verifier", "token")))
        for secret in (*secrets, signed.secret):
            assert request.full_redactor.redact_text(f"it said {secret}!") == "it said ***!"
    assert repr(APP) == object.__repr__(APP)
    assert "canary" not in repr(OLD)


@pytest.mark.parametrize("with_secret", [True, False])
@pytest.mark.parametrize("auth", ["basic", "body"])
def test_a_code_is_redeemed_with_its_verifier_whoever_asks(auth, with_secret):
    app = OAuthClient("oauth2", "https://zoom.us/t", "app-1", SECRET if with_secret else "", auth)
    request, signed = oauth.build_code_request(app, CODE, "http://127.0.0.1/cb", VERIFIER)
    assert ("code_verifier", VERIFIER) in request.body.value
    assert bool(signed.headers) == (with_secret and auth == "basic")


def test_a_mark_tells_credentials_apart_and_is_none():
    others = [
        OLD,
        TokenSet("x", 0, refresh_token="other"),
        None,
    ]
    marks = {oauth.fingerprint_credential(APP, one) for one in others} | {
        oauth.fingerprint_credential(OAuthClient("oauth2", client_id="app-1"), OLD)
    }
    assert len(marks) == 4
    assert all("canary" not in one for one in marks)
    assert oauth.fingerprint_credential(APP, OLD) == oauth.fingerprint_credential(
        APP, TokenSet("newer", NOW, refresh_token=REFRESH)
    )


@given(
    st.dictionaries(st.sampled_from(["state", "code", "iss", "error", "error_description"]), st.text(st.characters()))
)
@example({"state": "s", "iss": "http://["})
@example({"state": "\ud800"})
def test_any_callback_is_a_code_or_a_plain_refusal(given_):
    answer = oauth.read_callback_code(APP, given_, "s")
    if isinstance(answer, TokenFailure):
        assert answer.message.isprintable()
        assert len(answer.message) < 500
    else:
        assert (given_["state"], given_["code"], given_.get("error", "")) == ("s", answer, "")


@given(st.text(st.characters()))
@example("http://[?a=b")
@example("?a=b&a=c")
def test_any_text_can_be_looked_at_as_a_callback(text):
    assert isinstance(oauth.parse_callback(text), dict | TokenFailure)
