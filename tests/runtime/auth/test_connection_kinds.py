"""What each connection type sends: its token request, base URL and scopes."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

import pytest
from support.calling import ME, attempt
from support.oauth_server import ACCOUNT, Authority, says
from support.servers import Counting, reply

from connector import Client, Connection, begin_sign_in, errors, finish_sign_in
from connector.core.response.reply import Reply
from connector.runtime.storage.memory_store import MemoryStore

MANIFEST = """\
connector: lamp
label: Lamp
summary: Switch lamps.
base_url: https://{region}.lamp.example/v2
allowed_hosts: ["*.lamp.example"]
connections:
  program: {label: Program, kind: oauth2_client_credentials, client_auth: AUTH, inputs: INPUTS}
  person: {label: Person, kind: oauth2, client_auth: AUTH, inputs: INPUTS}
"""
SECRET = "s3/cret+%:x"
TOKEN = {"access_token": "canary-access-1", "token_type": "bearer", "expires_in": 3600, "refresh_token": "canary-r-1"}
REDIRECT = "http://127.0.0.1:1/callback"


@pytest.fixture
def lamp(folder):
    """A connector with two OAuth types; `auth` is the client authentication method."""
    named = ("tokenUrl", "authorizeUrl", "clientId", "scopes", "region")
    given = {name: {"label": name, "help": "It.", "type": "string"} for name in named}
    given["region"]["default"] = "eu"
    given["clientSecret"] = {"label": "Secret", "help": "It.", "type": "password"}

    def make(auth="basic"):
        return folder(whole=MANIFEST.replace("AUTH", auth).replace("INPUTS", json.dumps(given)))

    return make


@pytest.fixture
def tokens(server):
    """A server that issues a token to every request."""
    return server.always(reply(json_=TOKEN))


@pytest.fixture
def first_form(tokens, clock):
    """Call with a connection; the first request that it made, and its form."""

    def sent(connection):
        with Client(connection.connector, connection, base_url=tokens.url, clock=clock) as client:
            assert client.request("GET", "/lamps/1").status == 200
        return tokens.requests[0], form(tokens.requests[0])

    return sent


def inputs(server, **more):
    found = {"tokenUrl": f"http://127.0.0.1:{server.port}/token", "clientId": "lamp app+1", "clientSecret": SECRET}
    return {name: value for name, value in {**found, **more}.items() if value is not None}


def form(request):
    """The form of a request, with no name twice."""
    pairs = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


class TestATokenRequest:
    def test_shows_the_client_in_a_header_percent_encoded(self, lamp, tokens, first_form):
        sent, asked = first_form(Connection(lamp("basic"), "program", **inputs(tokens)))
        shown = base64.b64decode(sent.header("authorization").removeprefix("Basic "))
        assert shown == b"lamp+app%2B1:s3%2Fcret%2B%25%3Ax"
        assert asked == {"grant_type": "client_credentials"}
        assert (sent.method, sent.path) == ("POST", "/token")
        assert sent.header("content-type") == "application/x-www-form-urlencoded"
        assert sent.header("accept") == "application/json"

    def test_shows_the_client_in_the_body(self, lamp, tokens, first_form):
        sent, asked = first_form(Connection(lamp("body"), "program", **inputs(tokens)))
        assert sent.header("authorization") is None
        assert asked == {"grant_type": "client_credentials", "client_id": "lamp app+1", "client_secret": SECRET}

    @pytest.mark.parametrize("auth", ["basic", "body"])
    def test_of_a_public_client_shows_its_id_alone(self, lamp, tokens, first_form, auth):
        given = inputs(tokens, clientSecret=None, token={"refresh_token": "canary-r-0"})
        sent, asked = first_form(Connection(lamp(auth), "person", **given))
        assert sent.header("authorization") is None
        assert asked == {"grant_type": "refresh_token", "refresh_token": "canary-r-0", "client_id": "lamp app+1"}

    def test_asks_for_the_scopes_that_are_given(self, lamp, tokens, first_form):
        _, asked = first_form(Connection(lamp(), "program", **inputs(tokens, scopes="lamp:read lamp:write")))
        assert asked == {"grant_type": "client_credentials", "scope": "lamp:read lamp:write"}

    def test_keeps_the_query_of_its_url(self, lamp, tokens, first_form):
        url = f"http://127.0.0.1:{tokens.port}/token?tenant=a%26b"
        sent, _ = first_form(Connection(lamp(), "program", **inputs(tokens, tokenUrl=url)))
        assert sent.target == b"/token?tenant=a%26b"

    @pytest.mark.parametrize("secret", [SECRET, None])
    @pytest.mark.parametrize("auth", ["basic", "body"])
    def test_for_a_code_brings_the_verifier_with_a_secret_and_without(self, lamp, tokens, clock, auth, secret):
        connector, store = lamp(auth), MemoryStore()
        given = inputs(tokens, authorizeUrl=f"http://127.0.0.1:{tokens.port}/consent", clientSecret=secret)
        wanted = {"name": "a", "redirect_uri": REDIRECT, "store": store, "inputs": given, "kind": "person"}
        began = begin_sign_in(connector, clock=clock, **wanted)
        assert "code_challenge_method=S256" in began.url
        finish_sign_in(connector, f"?code=canary-code&state={began.state}", store=store, clock=clock)
        asked = form(tokens.requests[0])
        assert 43 <= len(asked.pop("code_verifier")) <= 128
        shown = {} if auth == "basic" and secret else {"client_id": "lamp app+1"}
        shown |= {"client_secret": secret} if auth == "body" and secret else {}
        assert asked == {"grant_type": "authorization_code", "code": "canary-code", "redirect_uri": REDIRECT, **shown}

    @pytest.mark.parametrize("kind", ["program", "serverToServer"])
    def test_of_a_program_is_one_for_a_hundred_callers_and_brings_no_refresh_token(self, zoom, clock, lamp, kind):
        with Authority() as authority, ThreadPoolExecutor(100) as pool:
            given = authority.inputs("serverToServer")
            if kind == "program":
                del given["accountId"]
            connection = Connection(zoom if kind == "serverToServer" else lamp(), kind, **given)
            with Client(connection.connector, connection, base_url=authority.url, clock=clock) as client:
                for round_ in (1, 2, 3):  # there is none yet; it ended by the clock; the service refuses it
                    calls = [pool.submit(client.request, "GET", "/lamps/1", timeout=600) for _ in range(100)]
                    assert [one.result(60).status for one in calls] == [200] * 100
                    assert authority.asked == round_
                    clock.passed += 4000 if round_ == 1 else 100
                    if round_ == 2:
                        authority.expire()
            assert connection.token_source.read_token_set().refresh_token is None
            expected = {"grant_type": "client_credentials"}
            if kind == "serverToServer":
                expected = {"grant_type": "account_credentials", "account_id": ACCOUNT}
            assert authority.forms == [expected] * 3

    def test_that_is_refused_says_where_to_look(self, zoom, clock):
        with Authority().then(says(400, {"reason": "Bad account", "error": "bad_request"})) as authority:
            connection = authority.connection(zoom, "serverToServer")
            with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
                with pytest.raises(errors.SignInError, match=r"bad_request: Bad account\. Check"):
                    client.run("getUser", ME)
                assert attempt(client) == 200


class TestABaseUrl:
    def test_has_the_connections_values_in_it(self, lamp):
        asked = []

        class Api:
            def send(self, request, credential, *_):
                asked.append(request.base_url)
                return Reply(200, (("content-type", "application/json"),), b"{}")

        with Counting(reply(json_=TOKEN)) as tokens:
            for region in ({}, {"region": "us-2"}):
                connection = Connection(lamp(), "program", **inputs(tokens, **region))
                with Client(connection.connector, connection, http=Api()) as client:
                    client.request("GET", "/lamps/1")
        assert asked == ["https://eu.lamp.example/v2", "https://us-2.lamp.example/v2"]

    @pytest.mark.parametrize(
        "region", ["evil.example/", "a.b", "evil.example#", "me@evil", "", "-x", "ü", "a b", "x:1", "..", "%2e", "\\"]
    )
    def test_takes_one_label_and_nothing_that_leads_elsewhere(self, lamp, server, region):
        with pytest.raises(errors.InputError, match="region"):  # noqa: PT012  when it is made, or when it is used
            connection = Connection(lamp(), "program", **inputs(server, region=region))
            with Client(connection.connector, connection) as client:
                client.request("GET", "/lamps/1")
        assert server.requests == []


class TestScopes:
    def test_a_missing_one_is_named_with_those_that_the_token_has(self, zoom, clock):
        said = {"code": 4711, "message": "Invalid access token, does not contain scopes:[user:read:user, user:read]."}
        with Authority(scope="user:read:list_users meeting:read:meeting") as authority:
            authority.answers = lambda request: reply(400, said)
            with (
                Client(zoom, authority.connection(zoom), base_url=authority.url, clock=clock) as client,
                pytest.raises(errors.SignInError) as caught,
            ):
                client.request("GET", "/users/me")
            error = caught.value
            assert tuple(error.scopes) == ("user:read:user", "user:read")
            assert "The token has user:read:list_users, meeting:read:meeting" in str(error)
            assert authority.asked == 1, "another token of the same app would have no more"

    @pytest.mark.parametrize("told_by", ["the token", "the service"])
    def test_that_were_added_to_an_app_are_had_with_the_next_token(self, zoom, clock, told_by):
        lacking, enough = "user:read:user:admin", "user:read:user:admin user:read:list_users:admin"
        scopes = {"scope": lacking} if told_by == "the token" else {}
        with Authority(**scopes) as authority:
            connection = authority.connection(zoom, "serverToServer")

            def answer(request):
                newest = request.header("authorization").removeprefix("Bearer ")
                if told_by == "the service" and newest in lacked:
                    return reply(400, {"code": 4711, "message": f"It does not contain scopes:[{enough}]."})
                return reply(200, {"users": [], "next_page_token": ""})

            def call(minutes):
                clock.passed = minutes * 60.0
                return attempt(client, "listUsers", {})

            lacked = authority.own if told_by == "the service" else set()
            authority.answers = answer
            with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
                first = [call(0), call(0.5)]
                assert [type(error) for error in first] == [errors.SignInError] * 2
                assert "a call after 2027-01-15T08:01:00+00:00 requests a token that has it" in str(first[0])
                assert authority.asked == 1, "a token is not a minute old"
                assert type(call(2)) is errors.SignInError
                assert type(call(2.5)) is errors.SignInError
                assert authority.asked == 2, "once a minute at most"
                if told_by == "the token":
                    authority.fields["scope"] = enough
                else:
                    lacked = set(authority.own)
                assert call(30) == 200
                assert call(30.5) == 200
            assert authority.asked == 3

    def test_a_token_of_a_person_is_not_renewed_for_them(self, zoom, clock):
        with Authority() as authority:
            token = {**authority.sign_in(clock.start + 3600), "scope": "user:read:user", "obtained_at": clock.start}
            connection = authority.connection(zoom, token=token)
            clock.passed = 1800.0
            with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
                error = attempt(client, "listUsers", {})
            assert "connect again" in error.hint
            assert authority.asked == 0

    @pytest.mark.parametrize("status", [503, 429])
    def test_what_cannot_be_asked_for_now_leaves_the_token_in_use(self, zoom, clock, status):
        with Authority(scope="user:read:user") as authority:
            connection = authority.connection(zoom, "serverToServer")
            with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
                assert attempt(client) == 200
                clock.passed = 300.0
                authority.then(*[says(status)] * 3)
                error = attempt(client, "listUsers", {})
                assert type(error) is errors.SignInError
                assert attempt(client) == 200

    def test_of_the_token_before_are_kept_where_the_next_reply_names_none(self, zoom, clock):
        with Authority() as authority:
            token = {**authority.sign_in(), "scope": "user:read:user"}
            connection = authority.connection(zoom, token=token)
            with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
                assert attempt(client) == 200
            assert connection.token_source.read_token_set().scopes == ("user:read:user",)

    def test_that_are_neither_text_nor_a_list_are_not_taken(self, zoom, clock):
        with Authority(scope={"user:read:user": True}) as authority:
            connection = authority.connection(zoom)
            with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
                assert attempt(client) == 200
            assert connection.token_source.read_token_set().scopes is None
