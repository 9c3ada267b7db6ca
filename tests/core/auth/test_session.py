"""A session begins with an action: its request, the token in its reply, and what a refusal means."""

from __future__ import annotations

import json

import pytest

from connector.core.auth.oauth import TokenFailure
from connector.core.auth.oauth_client import OAuthClient
from connector.core.auth.session import build_login_request, compile_login, parse_login_reply
from connector.core.auth.signing import Signer
from connector.core.auth.site import resolve_site
from connector.core.auth.token_set import NO_EXPIRY, TokenSet
from connector.core.response.reply import Reply
from connector.errors import InputError

NOW = 1_800_000_000.0
PASSWORD = "canary-pass word"
HEAD = """connector: lamp
label: Lamp
summary: Lamps.
base_url: https://api.lamp.example/v2
allowed_hosts: [api.lamp.example, "*.login.example"]
servers: {auth: "https://{region}.login.example/v3"}
errors: {message: message, code: code, retry_after: wait, failed: {code: [7, 8]}, rules: [
  {category: rate_limit, code: 8}, {category: unavailable, code: 9}]}
"""
LOGIN = """action: logIn
label: Log In
summary: Sign in.
request: POST /login
body: BODY
MORE
inputs:
  user: {label: U, help: U., type: string, required: true, pattern: "^[a-z]{1,8}$", to: body.user}
  password: {label: P, help: P., type: string, required: true, pattern: "^canary", to: body.password}
returns: {help: The session., example: {data: {token: t}}}
"""
JSON = (("content-type", "application/json"),)
GIVEN = {"user": "ada", "password": PASSWORD, "tenant": "acme", "region": "eu"}


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


@pytest.fixture
def lamp(folder):
    """Make the login of a connection of kind session; more words of its type, and lines of its action."""

    def make(values=GIVEN, *, body="json", more="", head=HEAD, place="body.tenant", token="data.token", **login):
        connection_type = {
            "label": "P", "kind": "session", "to": "header.X-Session", "login": {"action": "logIn", "token": token, **login},
            "inputs": {"user": field(), "password": field(type="password"), "tenant": field(to=place), "region": field()},
        }  # fmt: skip
        whole = f"{head}connections:\n  it: {json.dumps(connection_type)}\n"
        action = LOGIN.replace("BODY", body).replace("MORE\n", f"{more}\n" if more else "")
        connector = folder(whole=whole, actions={"log-in": action})
        kind = connector.manifest.connections["it"]
        site = resolve_site(connector.manifest, kind, values)
        return compile_login(connector, kind, Signer.of(kind, {}, values), values, site)

    return make


def answer(login, data, status=200, headers=JSON):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return parse_login_reply(login, Reply(status, headers, body), NOW)


def test_the_action_gets_the_values_that_it_has_inputs_for_and_the_others_go_to_their_places(lamp):
    request, credential = lamp(place="header.X-Tenant").token_request
    assert (request.method, request.url) == ("POST", "https://api.lamp.example/v2/login")
    assert request.body.value == {"user": "ada", "password": PASSWORD}
    assert credential.headers == (("X-Tenant", "acme"),)
    assert PASSWORD not in repr(request)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("json", {"user": "ada", "password": PASSWORD, "tenant": "acme"}),
        ("form", [("user", "ada"), ("password", PASSWORD), ("tenant", "acme")]),
    ],
)
def test_a_value_whose_place_is_the_body_is_sent_in_it_once(lamp, body, sent):
    request, _ = lamp(body=body).token_request
    assert request.body.value == sent


def test_a_value_that_the_action_does_not_take_is_told_by_its_input_and_a_secret_is_not_shown(lamp):
    with pytest.raises(InputError) as caught:
        lamp({**GIVEN, "user": "ada-of-lamps", "password": "abc"})
    user, password = caught.value.problems
    assert (user.field, password.field) == ("user", "password")
    assert "ada-of-lamps" in user.got
    assert password.got == "***"
    assert "abc" not in str(caught.value)


def test_a_value_that_was_not_given_is_told_as_missing(lamp):
    with pytest.raises(InputError) as caught:
        lamp({**GIVEN, "user": None})
    assert [problem.field for problem in caught.value.problems] == ["user"]


def test_a_sign_in_at_a_server_of_its_own_goes_there_with_its_values_in_the_host(lamp):
    request, _ = lamp(more="server: auth").token_request
    assert request.url == "https://eu.login.example/v3/login"


def test_a_server_that_a_value_leads_beyond_the_allowed_hosts_is_refused(lamp):
    head = HEAD.replace("*.login.example", "eu.login.example")
    assert lamp(head=head, more="server: auth").token_request[0].base_url == "https://eu.login.example/v3"
    with pytest.raises(InputError, match=r"a host among api\.lamp\.example, eu\.login\.example") as caught:
        lamp({**GIVEN, "region": "us"}, head=head, more="server: auth")
    assert [problem.field for problem in caught.value.problems] == ["region"]


def test_a_plain_server_is_where_the_manifest_says(lamp):
    head = HEAD.replace("{region}.login", "eu.login")
    assert lamp(head=head, more="server: auth").token_request[0].base_url == "https://eu.login.example/v3"


def test_another_base_url_moves_the_sign_in_and_keeps_the_path_of_its_server(lamp):
    login = lamp()
    assert build_login_request(login) is login.token_request
    request, credential = build_login_request(login, "http://localhost:8080/v2")
    assert request.url == "http://localhost:8080/v2/login"
    assert credential is login.token_request[1]
    request, _ = build_login_request(lamp(more="server: auth"), "http://localhost:8080/v2")
    assert request.url == "http://localhost:8080/v3/login"


@pytest.mark.parametrize(("lifetime", "expires_at"), [(None, NO_EXPIRY), (600, NOW + 600)])
def test_a_token_lasts_as_long_as_the_manifest_says_or_until_it_is_rejected(lamp, lifetime, expires_at):
    token_set = answer(lamp(lifetime=lifetime), {"data": {"token": "canary-session"}})
    assert token_set == TokenSet("canary-session", expires_at=expires_at, obtained_at=NOW)


def test_a_token_may_be_a_number_or_stand_in_a_header(lamp):
    assert answer(lamp(), {"data": {"token": 17}}).access_token == "17"
    login = lamp(token="header.X-Session")
    assert answer(login, {}, headers=(*JSON, ("x-session", "canary-session"))).access_token == "canary-session"
    assert answer(login, {"X-Session": "in the data"}).category == "unreadable"


@pytest.mark.parametrize("token", [None, "", True, 1.5, ["t"], {"t": "t"}, "two words", "line\nend", "schlüssel"])
def test_what_no_header_can_hold_is_no_token_though_the_session_may_have_begun(lamp, token):
    failure = answer(lamp(), {"data": {"token": token}})
    assert (failure.category, failure.status, failure.may_be_issued) == ("unreadable", 200, True)
    assert failure.message == "the sign-in failed: its reply has no token at data.token that can be sent"


@pytest.mark.parametrize(
    ("status", "data", "category", "code"),
    [
        (400, {"code": 1}, "client", "1"),
        (401, {}, "client", "401"),
        (403, {}, "client", "403"),
        (422, {}, "client", "422"),
        (200, {"code": 7, "data": {"token": "t"}}, "client", "7"),
        (404, {}, "refused", "404"),
        (302, {}, "refused", "302"),
        (408, {}, "later", "408"),
        (425, {}, "later", "425"),
        (429, {}, "later", "429"),
        (503, {}, "later", "503"),
        (400, {"code": 9}, "later", "9"),
        (200, {"code": 8}, "later", "8"),
    ],
)
def test_a_refused_password_is_final_and_what_the_rules_or_the_status_call_temporary_is_not(
    lamp, status, data, category, code
):
    failure = answer(lamp(), data, status)
    assert isinstance(failure, TokenFailure)
    assert (failure.category, failure.code, failure.status) == (category, code, status)
    assert failure.message == f"the sign-in was refused ({status}): no reason given"


def test_what_the_service_said_is_told_without_the_password(lamp):
    failure = answer(lamp(), {"code": PASSWORD, "message": f"No {PASSWORD} for ada. "}, 401)
    assert failure.message == "the sign-in was refused (401): No *** for ada"
    assert PASSWORD not in failure.code


@pytest.mark.parametrize(
    ("data", "headers", "retry_at"),
    [
        ({"wait": 30}, JSON, NOW + 30),
        ({"wait": 30}, (*JSON, ("retry-after", "7")), NOW + 30),
        ({}, (*JSON, ("retry-after", "7")), NOW + 7),
        ({}, JSON, None),
    ],
)
def test_the_next_try_is_when_the_reply_says(lamp, data, headers, retry_at):
    failure = answer(lamp(), data, 429, headers)
    assert (failure.category, failure.retry_at) == ("later", retry_at)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<html>Sign in</html>", (("content-type", "text/html"),)),
        (b'{"data": ', (*JSON, ("content-length", "40"))),
    ],
    ids=["page", "cut"],
)
def test_a_page_or_half_a_reply_is_unreadable_and_not_a_refused_password(lamp, body, headers):
    failure = answer(lamp(), body, headers=headers)
    assert (failure.category, failure.status) == ("unreadable", 200)


def test_a_client_that_signs_in_with_an_action_knows_its_address_and_every_secret_of_it(lamp):
    login = lamp(more="server: auth")
    client = OAuthClient("session", secrets=(PASSWORD,))
    assert client.other_credentials == ()
    signing_in = client.with_login(login)
    assert signing_in.token_url == "https://eu.login.example/v3/login"
    assert signing_in.token_fields.login is login
    assert signing_in.other_credentials == (PASSWORD,)
