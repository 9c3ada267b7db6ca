"""What comes in a token reply is kept, however odd the rest of it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.core.auth import oauth, token_reply
from connector.core.auth.oauth import TokenFailure
from connector.core.auth.oauth_client import OAuthClient, TokenFields
from connector.core.auth.token_set import NO_EXPIRY, TokenSet, parse_token
from connector.core.response.reply import Reply

NOW = 1_800_000_000.0
APP = OAuthClient("oauth2", "https://zoom.us/oauth/token", "app-1", "canary-secret")
OLD = TokenSet("canary-old", NOW - 1, NOW - 3601, "canary-refresh", ("a", "b"), "https://api.zoom.us")
GOOD = {"access_token": "canary-new", "token_type": "bearer", "expires_in": 3600, "refresh_token": "canary-next"}
BEARERS = [None, "", "  ", "Bearer ", "BEARER", "bot", "user", 5, True, [], ["bearer"], {}, "N_A", "urn:x"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)


def parse(data, status=200, previous=OLD, headers=()):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    request, _ = oauth.build_refresh_request(APP, OLD)
    return token_reply.parse_token_reply(
        request, Reply(status, headers, body), NOW, previous, TokenFields(base_url="api_url")
    )


@pytest.mark.parametrize("token_type", BEARERS)
def test_any_type_but_that_of_a_proof_is_sent_as_a_bearer(token_type):
    answer = parse({**GOOD, "token_type": token_type})
    assert (answer.access_token, answer.refresh_token) == ("canary-new", "canary-next")


@pytest.mark.parametrize("token_type", ["mac", "DPoP", " pop ", "Hawk"])
@pytest.mark.parametrize("previous", [OLD, None])
def test_a_type_that_needs_a_proof_is_refused_and_its_refresh_token_kept(token_type, previous):
    answer = parse({**GOOD, "token_type": token_type}, previous=previous)
    assert answer.category == "unreadable"
    assert answer.issued.refresh_token == "canary-next"
    assert answer.issued.access_token == (previous.access_token if previous else "")


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [("x y", ("x", "y")), ("x,y", ("x", "y")), ("x, y", ("x", "y")), (["x", "y z"], ("x", "y", "z")), ("", ()), ([], ()),
     (None, ("a", "b")), (5, ("a", "b")), (["x", 5], ("a", "b")), ({"x": 1}, ("a", "b"))],
)  # fmt: skip
def test_scopes_come_as_text_or_a_list_and_stay_where_they_are_neither(scope, scopes):
    assert parse({**GOOD, "scope": scope}).scopes == scopes


@pytest.mark.parametrize("refresh_token", [None, "", " ", 5, ["x"], {}, True, "\ud83d"])
def test_without_a_refresh_token_that_can_be_sent_the_old_one_stays(refresh_token):
    answer = parse({**GOOD, "refresh_token": refresh_token})
    assert (answer.access_token, answer.refresh_token) == ("canary-new", "canary-refresh")


@pytest.mark.parametrize("lifetime", [None, "", "soon", 0, -1, True])
def test_a_token_that_nothing_follows_is_used_until_it_is_rejected_if_its_life_is_unknown(lifetime):
    answer = parse({"access_token": "canary-new", "expires_in": lifetime}, previous=None)
    assert answer.expires_at == NO_EXPIRY
    assert parse({"access_token": "canary-new", "expires_in": 60}, previous=None).expires_at == NOW + 60


@pytest.mark.parametrize("access_token", [None, "", "a b", "a\nb", 5, ["x"], "\u00e9"])
@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 429, 500, 503])
def test_a_refresh_token_beside_anything_is_returned_to_be_kept(access_token, status):
    answer = parse({**GOOD, "access_token": access_token}, status)
    assert isinstance(answer, TokenFailure)
    assert answer.issued == TokenSet(
        "canary-old", NOW - 1, NOW - 3601, "canary-next", ("a", "b"), "https://api.zoom.us"
    )


@pytest.mark.parametrize("name", ["data", "token", "result"])
@pytest.mark.parametrize("previous", [OLD, None])
def test_tokens_in_the_only_mapping_that_has_any_are_found(name, previous):
    answer = parse({"ok": True, "app": {"id": 1}, name: GOOD}, previous=previous)
    assert (answer.access_token, answer.refresh_token) == ("canary-new", "canary-next")
    lone = parse({name: {"refresh_token": "canary-next"}}, previous=previous)
    assert (lone.category, lone.issued.refresh_token) == ("unreadable", "canary-next")
    assert parse({name: GOOD, "user": GOOD}, previous=previous).issued is None


@pytest.mark.parametrize(
    "error", ["INVALID_GRANT", {"code": "invalid_grant"}, {"type": "invalid_grant", "message": "m"}]
)
def test_an_error_is_known_however_it_is_written(error):
    assert parse({"error": error}, 400).category == "grant"


def test_an_error_that_gives_back_what_was_sent_brings_nothing():
    answer = parse({"error": "invalid_grant", "refresh_token": "canary-refresh"}, 400)
    assert (answer.category, answer.issued) == ("grant", None)


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"access_token": "canary-new", "refresh_token": "canary-next"}',
        b'{"access_token": "canary-new", "refresh_token": "canary-next", "name": "\\ud83d"}',
        b'{"access_token": "canary-new", "refresh_token": "canary-next", "name": "\xff"}',
        '{"access_token": "canary-new", "refresh_token": "canary-next"}'.encode("utf-16"),
        b"access_token=canary-new&refresh_token=canary-next&token_type=bearer",
    ],
    ids=["a byte order mark", "half a character", "a broken byte", "UTF-16", "a form"],
)
def test_what_is_broken_elsewhere_in_a_reply_costs_no_token(body):
    answer = parse(body)
    assert (answer.access_token, answer.refresh_token) == ("canary-new", "canary-next")


@given(
    st.dictionaries(st.sampled_from([*GOOD, "scope", "api_url", "error", "id_token", "error_description"]), VALUES),
    st.sampled_from([200, 201, 299, 302, 400, 403, 429, 500, 599]),
    st.sampled_from([OLD, None]),
)
@example({"error": {}, "refresh_token": "canary-next"}, 200, OLD)
@example({"access_token": 5, "refresh_token": " canary-next "}, 200, None)
@example({"expires_in": float("nan"), "access_token": "x", "refresh_token": "canary-next"}, 200, OLD)
def test_a_refresh_token_that_came_is_never_dropped(data, status, previous):
    answer = parse(data, status, previous)
    kept = answer if isinstance(answer, TokenSet) else answer.issued
    came = data.get("refresh_token")
    if isinstance(came, str) and came.strip() and came.isprintable():
        assert kept.refresh_token == came.strip()
    elif isinstance(answer, TokenSet) and not isinstance(came, str):
        assert kept.refresh_token == (previous.refresh_token if previous else None)
    if isinstance(answer, TokenSet):
        assert answer.expires_at >= NOW


def test_what_is_odd_is_said_without_its_value():
    odd = {"access_token": "x", "expires_in": "canary", "scope": 5, "refresh_token": ["canary"], "token_type": 7}
    oddities = token_reply.find_oddities(Reply(200, (), json.dumps(odd).encode()))
    assert [oddity.split()[1] for oddity in oddities] == ["expires_in", "scope", "refresh_token", "token_type"]
    assert "canary" not in str(oddities)
    plain = {"access_token": "x", "scope": "", "refresh_token": None, "token_type": "", "expires_in": None}
    assert token_reply.find_oddities(Reply(200, (), json.dumps({**plain, "id_token": 5}).encode())) == ()


@pytest.mark.parametrize("token_type", BEARERS)
def test_a_token_that_a_program_passes_may_be_a_stored_reply(token_type):
    reply = {**GOOD, "token_type": token_type, "id_token": "x", "refresh_token_expires_in": 9, "ext_expires_in": 5}
    assert parse_token(reply) == TokenSet("canary-new", NO_EXPIRY, refresh_token="canary-next")
    assert parse_token({**reply, "obtained_at": NOW}).expires_at == NOW + 3600
    assert parse_token({**reply, "obtained_at": NOW, "expires_in": "soon"}).expires_at == NO_EXPIRY
    assert parse_token({**reply, "refresh_token": "", "scope": "a,b"}).scopes == ("a", "b")
