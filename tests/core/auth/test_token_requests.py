"""Token requests to the letter, and the meaning of callbacks and token replies."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from connector.core.auth import oauth, token_reply
from connector.core.auth.jwt import JwtIssuer
from connector.core.auth.oauth import TokenFailure
from connector.core.auth.oauth_client import OAuthClient, TokenFields
from connector.core.auth.site import Site
from connector.core.auth.token_set import NO_EXPIRY, TokenSet
from connector.core.response.reply import Reply
from connector.definition.connection_type import ConnectionType

NOW = 1_800_000_000.0
SECRET, REFRESH, ACCESS = "canary-secret/+secret", "canary-refresh/+refresh", "canary-acc/+acc"
APP = OAuthClient(
    "oauth2",
    token_url="https://zoom.us/oauth/token",
    client_id="app-1",
    client_secret=SECRET,
    authorize_url="https://zoom.us/oauth/authorize?x=1",
    revoke_url="https://zoom.us/oauth/revoke",
)
OLD = TokenSet(ACCESS, NOW - 10, NOW - 3610, REFRESH, ("a", "b"), "https://api.zoom.us")
FORM = "application/x-www-form-urlencoded"
BASIC = base64.b64encode(b"app-1:canary-secret%2F%2Bsecret").decode()


FIELDS = TokenFields(base_url="api_url")


def parse_reply(status, data, **headers):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return token_reply.parse_token_reply(
        oauth.build_refresh_request(APP, OLD)[0], Reply(status, named, body), NOW, OLD, FIELDS
    )


# Requests


def test_a_request_is_a_form_with_the_client_in_a_header_and_every_secret_known():
    request, signed = oauth.build_code_request(APP, "c d", "http://127.0.0.1/cb", "ver-1")
    assert (request.method, request.base_url, request.path, request.query) == (
        "POST",
        "https://zoom.us",
        "/oauth/token",
        (),
    )
    assert (request.body.kind, request.body.content_type) == ("form", FORM)
    assert dict(request.body.value) == {
        "grant_type": "authorization_code", "code": "c d", "redirect_uri": "http://127.0.0.1/cb", "code_verifier": "ver-1",
    }  # fmt: skip
    assert set(request.secrets) == {SECRET, "c d", "ver-1", BASIC}
    assert (signed.secret, signed.headers) == (BASIC, (("Authorization", f"Basic {BASIC}"),))


def test_a_renewal_and_an_end_send_what_they_need_and_nothing_more():
    request, signed = oauth.build_refresh_request(APP, OLD)
    assert request.body.value == [("grant_type", "refresh_token"), ("refresh_token", REFRESH)]
    assert set(request.secrets) == {SECRET, REFRESH, ACCESS, BASIC}
    request, _ = oauth.build_revoke_request(APP, "t/+ &")
    assert (request.path, request.body.value) == ("/oauth/revoke", [("token", "t/+ &")])
    assert signed.headers
    assert oauth.build_revoke_request(OAuthClient("oauth2", "https://zoom.us/t"), "t") is None


@pytest.mark.parametrize("grant", [None, TokenSet("a", NOW), TokenSet("a", NOW, refresh_token="")])
def test_without_a_refresh_token_only_a_person_can_help_and_other_kinds_need_none(grant):
    assert oauth.build_refresh_request(APP, grant) is None
    for kind in ("oauth2_account_credentials", "oauth2_client_credentials"):
        assert oauth.build_refresh_request(OAuthClient(kind, "https://zoom.us/t", "id", "secret"), grant) is not None


def test_an_account_and_a_program_ask_in_their_own_words():
    account = OAuthClient("oauth2_account_credentials", "https://zoom.us:8443?x=1", "a b", "s:/", account_id="acc/1 &")
    request, signed = oauth.build_refresh_request(account, None)
    assert (request.base_url, request.path, request.query) == ("https://zoom.us:8443", "/", (("x", "1"),))
    assert request.body.value == [("grant_type", "account_credentials"), ("account_id", "acc/1 &")]
    assert base64.b64decode(signed.secret) == b"a+b:s%3A%2F"
    assert "acc/1 &" not in request.secrets, "an id is no secret"
    program = OAuthClient("oauth2_client_credentials", "https://zoom.us/t", "id", "sec-1", "body", scopes="a b")
    request, signed = oauth.build_refresh_request(program, None)
    assert request.body.value == [
        ("grant_type", "client_credentials"), ("scope", "a b"), ("client_id", "id"), ("client_secret", "sec-1"),
    ]  # fmt: skip
    assert (signed.secret, signed.headers, set(request.secrets)) == ("sec-1", (), {"sec-1"})


@pytest.mark.parametrize("auth", ["basic", "body"])
def test_a_public_client_says_its_id_alone(auth):
    request, signed = oauth.build_refresh_request(
        OAuthClient("oauth2_client_credentials", "https://zoom.us/t", "id", "", auth), None
    )
    assert request.body.value == [("grant_type", "client_credentials"), ("client_id", "id")]
    assert (signed.secret, signed.headers, request.secrets) == ("id", (), ())


def test_an_app_is_read_from_a_connections_inputs_each_optional():
    declared = ConnectionType(label="L", kind="oauth2", client_auth="body")
    values = {"clientId": 5, "clientSecret": "s", "scopes": "sc", "accountId": "acc", "other": "x"}
    site = Site(token_url="t", authorize_url="a", revoke_url="r")
    assert OAuthClient.from_inputs(declared, site, values) == OAuthClient(
        "oauth2", "t", "5", "s", "body", "a", "r", "sc", "acc", site=site
    )
    bare = OAuthClient.from_inputs(declared, Site(), {"clientSecret": None})
    assert bare == OAuthClient("oauth2", client_auth="body")


def test_every_part_of_a_credential_is_in_its_mark():
    apps = [
        OAuthClient("oauth2", client_id=a, client_secret=b, account_id=c) for a, b, c in ("abc", "xbc", "axc", "abx")
    ]
    assert len({oauth.fingerprint_credential(app, OLD) for app in apps}) == 4
    assert oauth.fingerprint_credential(apps[0], None) == oauth.fingerprint_credential(apps[0], TokenSet("x", NOW))
    assert oauth.fingerprint_credential(OAuthClient("k", client_id="ab"), None) != oauth.fingerprint_credential(
        OAuthClient("k", client_id="a", client_secret="b"), None
    )
    assert len(oauth.fingerprint_credential(OAuthClient("k", client_secret="\ud800"), None)) == 64


def test_a_mark_stays_the_same_through_releases_since_stores_keep_it():
    app = OAuthClient("oauth2", client_id="id", client_secret="sec-1", account_id="acc")
    for grant, refresh in (
        (None, b""),
        (TokenSet("a", NOW), b""),
        (TokenSet("a", NOW, refresh_token="ref-1"), b"ref-1"),
    ):
        assert oauth.fingerprint_credential(app, grant) == hashlib.sha256(b"id\0sec-1\0acc\0" + refresh).hexdigest()


def test_what_is_left_out_is_nothing_and_the_client_is_in_a_header():
    assert OAuthClient("oauth2") == OAuthClient("oauth2", "", "", "", "basic", "", "", "", "")
    assert TokenFailure("later", "m") == TokenFailure("later", "m", "", None, 0, "", False)


def test_what_is_empty_is_sent_as_empty_for_the_service_to_tell():
    request, _ = oauth.build_refresh_request(OAuthClient("oauth2_account_credentials", "https://zoom.us/t"), None)
    assert request.body.value == [("grant_type", "account_credentials"), ("account_id", ""), ("client_id", "")]


def test_consent_is_asked_for_with_the_scopes_that_a_connection_has():
    app = replace(APP, scopes="user:read meeting:write")
    asked = parse_qsl(urlsplit(oauth.build_authorize_url(app, "http://127.0.0.1/cb", "st", "ver-1")).query)
    assert ("scope", "user:read meeting:write") in asked


# Callbacks


def test_a_callback_is_a_url_or_its_query_without_its_fragment():
    for url in ("http://127.0.0.1/cb?code=a+b&state=#x=1", "code=a+b&state=#x=1"):
        assert oauth.parse_callback(url) == {"code": "a b", "state": ""}
    assert oauth.parse_callback("http://127.0.0.1/cb?code=a?b&state=s#x#y") == {"code": "a?b", "state": "s"}
    assert oauth.parse_callback("?a=1&a=2") == TokenFailure("refused", "the callback repeats a parameter")


@pytest.mark.parametrize(
    ("given", "message", "code"),
    [
        ({"code": "c"}, "the callback's state does not match the one that was sent", ""),
        ({"state": "S", "code": "c"}, "the callback's state does not match the one that was sent", ""),
        ({"iss": "https://evil.example", "code": "c"}, "the callback comes from another service", ""),
        ({"iss": "http://zoom.us", "code": "c"}, "the callback comes from another service", ""),
        ({"iss": "", "code": "c"}, "the callback comes from another service", ""),
        ({"error": "access_denied", "error_description": "Not you, X."}, "consent was not given: Not you, X", "access_denied"),
        ({"error": "access_denied"}, "consent was not given: no reason given", "access_denied"),
        ({"error": "odd", "code": "code-1", "error_description": f"code-1 the-state {SECRET}"}, "the service said odd: *** *** ***", "odd"),
        ({"error": "", "code": ""}, "the callback has no code", ""),
        ({}, "the callback has no code", ""),
    ],
)  # fmt: skip
def test_a_callback_without_a_code_for_us_is_refused_with_the_reason(given, message, code):
    given = given if "state" in given or "state does not match" in message else {"state": "the-state", **given}
    assert oauth.read_callback_code(APP, given, "the-state") == TokenFailure("refused", message, code)


@pytest.mark.parametrize("iss", [{}, {"iss": "https://zoom.us/some/issuer"}])
def test_a_callback_with_a_code_for_us_is_taken(iss):
    assert oauth.read_callback_code(APP, {"state": "s", "code": "c-1", "error": "", **iss}, "s") == "c-1"


# Replies


@pytest.mark.parametrize("status", [408, 409, 423, 425, 429, 500, 599])
def test_trouble_of_the_endpoint_says_its_status_and_when_to_come_back(status):
    message = f"HTTP {status} from the token endpoint"
    wanted = TokenFailure("later", message, retry_at=NOW + 7, status=status, may_be_issued=status >= 500)
    assert parse_reply(status, b"", retry_after="7") == wanted


@pytest.mark.parametrize(
    ("status", "said", "wanted"),
    [
        (400, {"error": "invalid_grant", "error_description": "Gone."}, TokenFailure("grant", "the token endpoint said invalid_grant: Gone", "invalid_grant", status=400)),
        (401, {"error": "invalid_client", "reason": "No X."}, TokenFailure("client", "the token endpoint said invalid_client: No X", "invalid_client", status=401)),
        (400, {"error": "server_error"}, TokenFailure("later", "the token endpoint said server_error: no reason given", "server_error", status=400)),
        (403, {"code": 5, "message": "m"}, TokenFailure("refused", "the token endpoint said 5: m", "5", status=403)),
        (300, {"message": "a\tb"}, TokenFailure("refused", "the token endpoint said 300: a b", "300", status=300)),
        (199, {"reason": []}, TokenFailure("refused", "the token endpoint said 199: no reason given", "199", status=199)),
        (400, {"error": ["a"], "reason": {"a": 1}}, TokenFailure("refused", "the token endpoint said a list: no reason given", "a list", status=400)),
        (400, {"error": "x" * 300}, TokenFailure("refused", f"the token endpoint said {'x' * 200}: no reason given", "x" * 200, status=400)),
        (200, {"error": "odd", "access_token": "x"}, TokenFailure("refused", "the token endpoint said odd: no reason given", "odd", status=200)),
        (200, {"access_token": "x y"}, TokenFailure("unreadable", "the token reply has no access token that can be sent", status=200, may_be_issued=True)),
        (299, {"access_token": 5}, TokenFailure("unreadable", "the token reply has no access token that can be sent", status=299, may_be_issued=True)),
        (200, {"access_token": "x", "token_type": "mac"}, TokenFailure("unreadable", "only bearer tokens are supported, and the token reply has one of type mac", status=200, may_be_issued=True)),
        (200, b"nope", TokenFailure("unreadable", "HTTP 200 with no content type where a JSON token was expected", status=200, may_be_issued=True)),
        (302, b"[]", TokenFailure("unreadable", "HTTP 302 with no content type where a JSON token was expected", status=302)),
    ],
)  # fmt: skip
def test_what_is_no_token_is_told_by_whose_fault_it_is_and_in_the_services_words(status, said, wanted):
    assert parse_reply(status, said) == wanted


def test_of_a_page_in_place_of_a_token_only_its_kind_is_told():
    answer = parse_reply(200, b"<html>canary", content_type=f"text/html; charset={ACCESS}")
    assert answer.message == "HTTP 200 with text/html where a JSON token was expected"


def test_a_token_is_taken_with_all_that_the_reply_says_of_it():
    said = {"access_token": "new", "token_type": "BEARER", "expires_in": 60, "refresh_token": "r", "scope": "a  b"}
    assert parse_reply(200, {**said, "api_url": "https://x.zoom.us"}) == TokenSet(
        "new", NOW + 60, NOW, "r", ("a", "b"), "https://x.zoom.us"
    )
    assert parse_reply(200, {"access_token": "new", "refresh_token": "", "scope": "", "api_url": ""}) == TokenSet(
        "new", NOW + 3600, NOW, REFRESH, (), ""
    )
    odd = parse_reply(200, {"access_token": "new", "refresh_token": 5, "scope": 5, "api_url": 5})
    assert odd == TokenSet("new", NOW + 3600, NOW, REFRESH, ("a", "b"), "https://api.zoom.us")
    request, _ = oauth.build_refresh_request(APP, OLD)
    assert token_reply.parse_token_reply(request, Reply(200, (), b'{"access_token": "x"}'), NOW) == TokenSet(
        "x", NO_EXPIRY, NOW
    ), "nothing follows it, so it is used until it is rejected"


def test_a_jwt_is_backdated_signed_with_a_filled_key_and_lives_as_long_as_it_says():
    made = JwtIssuer("HS256", "s", (("iss", "key-1"),)).issue(NOW + 0.7)
    key = b"s".ljust(32, b"\0")
    claims = jwt.decode(
        made.access_token, key, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    )
    assert claims == {"iss": "key-1", "iat": int(NOW) - 30, "exp": int(NOW) + 3570}
    assert (made.expires_at, made.obtained_at) == (NOW + 3570, NOW + 0.7)
    assert JwtIssuer("HS256", "s", lifetime=120.0).issue(NOW).expires_at == NOW + 90
