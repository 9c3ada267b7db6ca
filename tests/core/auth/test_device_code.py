"""A code for a person: how it is asked for, which replies have one, and how long to wait between the polls."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connector.core.auth.device_code import (
    GRANT_TYPE,
    build_device_request,
    build_poll_request,
    find_next_interval,
    parse_device_reply,
)
from connector.core.auth.oauth import TokenFailure
from connector.core.auth.oauth_client import OAuthClient
from connector.core.response.reply import Reply

NOW = 1_800_000_000.0
SECRET, DEVICE_CODE = "canary-secret", "canary-device/+"
APP = OAuthClient(
    "oauth2_device_code", token_url="https://lamp.example/token", client_id="app-1", scopes="read write",
    device_authorization_url="https://lamp.example/device?v=1", authorize_params=(("audience", "lamps"),),
    token_params=(("resource", "tokens"),),
)  # fmt: skip
GOOD = {
    "device_code": DEVICE_CODE,
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://lamp.example/enter",
    "verification_uri_complete": "https://lamp.example/enter?code=WDJB-MJHT",
    "expires_in": 1800,
    "interval": 7,
}
JSON = (("content-type", "application/json"),)


def parse(data, status=200):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    request, _ = build_device_request(APP)
    return parse_device_reply(request, Reply(status, JSON, body), NOW)


def test_a_code_is_asked_for_at_its_own_address_without_the_parameters_of_tokens():
    request, credential = build_device_request(APP)
    assert (request.method, request.url) == ("POST", "https://lamp.example/device?v=1")
    assert request.body.value == [("audience", "lamps"), ("scope", "read write"), ("client_id", "app-1")]
    assert credential.headers == ()


def test_a_client_without_scopes_names_none():
    request, _ = build_device_request(replace(APP, scopes="", authorize_params=()))
    assert request.body.value == [("client_id", "app-1")]


@pytest.mark.parametrize(
    ("client_auth", "in_form", "is_in_header"),
    [
        ("basic", [("client_id", "app-1")], True),
        ("body", [("client_id", "app-1"), ("client_secret", SECRET)], False),
    ],
)
def test_the_id_of_a_client_with_a_secret_is_in_the_form_once_however_it_signs_in(client_auth, in_form, is_in_header):
    app = replace(APP, client_secret=SECRET, client_auth=client_auth, scopes="", authorize_params=())
    request, credential = build_device_request(app)
    assert request.body.value == in_form
    assert ("Authorization" in dict(credential.headers)) is is_in_header


def test_a_poll_has_the_code_and_the_parameters_of_tokens_and_shows_neither_code_nor_secret():
    request, _ = build_poll_request(replace(APP, client_secret=SECRET, client_auth="body"), DEVICE_CODE)
    assert request.url == "https://lamp.example/token"
    assert dict(request.body.value) == {
        "grant_type": GRANT_TYPE,
        "device_code": DEVICE_CODE,
        "resource": "tokens",
        "client_id": "app-1",
        "client_secret": SECRET,
    }
    assert DEVICE_CODE not in repr(request)
    assert SECRET not in repr(request)


def test_a_good_reply_has_both_codes_and_where_one_is_entered():
    code = parse(GOOD)
    assert (code.device_code, code.user_code, code.url) == (DEVICE_CODE, "WDJB-MJHT", "https://lamp.example/enter")
    assert code.complete_url == "https://lamp.example/enter?code=WDJB-MJHT"
    assert (code.lifetime, code.interval) == (1800.0, 7.0)
    assert DEVICE_CODE not in repr(code)


def test_the_address_may_have_its_older_name_and_spaces_around_it():
    data = {key: value for key, value in GOOD.items() if not key.startswith("verification")}
    code = parse({**data, "verification_url": " https://lamp.example/old "})
    assert (code.url, code.complete_url) == ("https://lamp.example/old", None)


@pytest.mark.parametrize(
    "url", ["http://lamp.example/enter?c=1", "javascript:alert(1)", "https://lamp.example/\nhttps://evil.example", 5]
)
def test_an_address_with_the_code_in_it_that_is_not_safe_to_open_is_left_out(url):
    code = parse({**GOOD, "verification_uri_complete": url})
    assert (code.user_code, code.complete_url) == ("WDJB-MJHT", None)


@pytest.mark.parametrize(
    ("given", "lifetime", "interval"),
    [
        ({}, 900.0, 5.0),
        ({"expires_in": 0, "interval": 0}, 900.0, 1.0),
        ({"expires_in": "600", "interval": "2.5"}, 600.0, 2.5),
        ({"expires_in": 10**9, "interval": 10**9}, 3600.0, 60.0),
        ({"expires_in": "soon", "interval": True}, 900.0, 5.0),
    ],
)
def test_times_that_are_missing_or_without_measure_are_the_usual_ones(given, lifetime, interval):
    data = {key: value for key, value in GOOD.items() if key not in ("expires_in", "interval")}
    code = parse({**data, **given})
    assert (code.lifetime, code.interval) == (lifetime, interval)


@pytest.mark.parametrize(
    "wrong",
    [
        {"device_code": ""},
        {"device_code": 5},
        {"user_code": "  "},
        {"verification_uri": None},
        {"verification_uri": "lamp.example/enter"},
        {"verification_uri": "file:///etc/passwd"},
        {"user_code": "WDJB\nOpen https://evil.example"},
        {"verification_uri": "https://lamp.example/\x1b[2Jenter"},
    ],
)
def test_a_reply_without_a_code_or_with_one_that_is_not_safe_to_show_is_unreadable(wrong):
    failure = parse({**GOOD, **wrong})
    assert (failure.category, failure.status) == ("unreadable", 200)
    assert failure.message == "the reply has no code and no address to enter it at"


@pytest.mark.parametrize(
    ("data", "status", "category", "code"),
    [
        ({"error": "invalid_client", "error_description": "no such app"}, 401, "client", "invalid_client"),
        ({"error": "unauthorized_client"}, 200, "refused", "unauthorized_client"),
        ({**GOOD, "error": "invalid_scope"}, 200, "refused", "invalid_scope"),
        (GOOD, 400, "refused", "400"),
        ({"error": "any"}, 503, "later", ""),
        (b"<html>sign in</html>", 200, "unreadable", ""),
        (["device_code"], 200, "unreadable", ""),
    ],
)
def test_a_refusal_is_told_as_that_of_a_token_is(data, status, category, code):
    failure = parse(data, status)
    assert (failure.category, failure.code, failure.status) == (category, code, status)
    assert DEVICE_CODE not in failure.message


@pytest.mark.parametrize(
    ("category", "code", "interval", "following"),
    [
        ("refused", "authorization_pending", 5.0, 5.0),
        ("later", "slow_down", 5.0, 10.0),
        ("later", "slow_down", 58.0, 60.0),
        ("later", "", 5.0, 10.0),
        ("later", "temporarily_unavailable", 40.0, 60.0),
        ("refused", "access_denied", 5.0, None),
        ("refused", "expired_token", 5.0, None),
        ("grant", "invalid_grant", 5.0, None),
        ("unreadable", "", 5.0, None),
    ],
)
def test_the_next_poll_waits_longer_when_the_service_asks_for_it_and_a_refusal_is_final(
    category, code, interval, following
):
    assert find_next_interval(TokenFailure(category, "no", code), interval) == following
