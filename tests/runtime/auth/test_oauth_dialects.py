"""OAuth as services speak it: addresses, parameters, bodies, scopes and replies, by what a real server receives."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from support.servers import reply

from connector import Client, Connection, begin_sign_in, errors, finish_sign_in
from connector.runtime.storage.memory_store import MemoryStore

HEAD = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\n"
REDIRECT = "http://127.0.0.1:1/callback"
ACTION = "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\nscopes: {classic: SCOPES}\n"
SECRET = "canary/client+secret"


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


CLIENT = {"clientId": field(), "clientSecret": field(type="password")}
GIVEN = {"clientId": "app-1", "clientSecret": SECRET}


def build(folder, connection_type, *, base="https://api.lamp.example/v2", hosts=("*.lamp.example",), scopes="[]"):
    """A connector with one OAuth type whose addresses are words of the manifest."""
    words = {"label": "P", "kind": "oauth2", "inputs": CLIENT, **connection_type}
    if words["kind"] == "oauth2":
        words = {"authorize_url": "https://auth.lamp.example/authorize", **words}
    words = {"token_url": "https://auth.lamp.example/token", **words}
    whole = (
        f"{HEAD}base_url: {base}\nallowed_hosts: {json.dumps(list(hosts))}\nconnections:\n  it: {json.dumps(words)}\n"
    )
    return folder(whole=whole, actions={"list": ACTION.replace("SCOPES", scopes)})


@pytest.fixture
def sign_in(server, rerouted):
    """Sign in, and list once: the consent's parameters, the token request, the call, and the connection."""

    def sign(connector, token_reply, given=GIVEN, call_reply=None):
        def answer(request):
            return reply(json_=token_reply if request.method == "POST" else call_reply or {})

        server.always(answer)
        store = MemoryStore()
        began = begin_sign_in(connector, name="a", redirect_uri=REDIRECT, store=store, inputs=given, kind="it")
        connection = finish_sign_in(connector, f"?code=canary-code&state={began.state}", store=store, http=rerouted)
        asked = server.requests[-1]
        with Client(connector, connection, http=rerouted) as client:
            client.run("list")
        return urlsplit(began.url), asked, server.requests[-1], connection

    return sign


def form(request):
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def query(url):
    return dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=True))


def test_slack_issues_a_token_of_its_own_type_within_the_reply_with_commas_between_scopes(folder, sign_in):
    connector = build(
        folder,
        {
            "client_auth": "body", "scope_separator": ",", "token_field": "authed_user.access_token",
            "inputs": {**CLIENT, "userScopes": field(to="authorize.user_scope")},
        },
        scopes="[channels:read]",
    )  # fmt: skip
    said = {
        "ok": True, "access_token": "canary-bot", "token_type": "bot", "scope": "chat:write", "refresh_token": "canary-b",
        "authed_user": {"id": "U1", "access_token": "canary-user", "token_type": "user", "scope": "channels:read,chat:write"},
    }  # fmt: skip
    consent, _, call, connection = sign_in(connector, said, {**GIVEN, "userScopes": "channels:read,chat:write"})
    assert query(consent)["user_scope"] == "channels:read,chat:write"
    assert call.header("authorization") == "Bearer canary-user"
    token_set = connection.token_source.read_token_set()
    assert (token_set.scopes, token_set.refresh_token) == (("channels:read", "chat:write"), None)


def test_a_token_that_is_not_where_it_was_said_to_be_is_none(folder, sign_in):
    connector = build(folder, {"token_field": "authed_user.access_token"})
    with pytest.raises(errors.SignInError, match="no access token"):
        sign_in(connector, {"access_token": "canary-bot", "token_type": "bot", "authed_user": {"id": "U1"}})


def test_notion_reads_a_token_request_as_json(folder, sign_in):
    connector = build(folder, {"token_body": "json", "pkce": False, "authorize_params": {"owner": "user"}})
    consent, asked, _, _ = sign_in(connector, {"access_token": "canary-1", "token_type": "bearer"})
    assert asked.header("content-type") == "application/json"
    assert asked.json() == {"grant_type": "authorization_code", "code": "canary-code", "redirect_uri": REDIRECT}
    assert base64.b64decode(asked.header("authorization").removeprefix("Basic ")) == b"app-1:canary%2Fclient%2Bsecret"
    assert "code_challenge" not in query(consent)
    assert query(consent)["owner"] == "user"


def test_google_wants_more_of_its_authorize_url_than_the_standard(folder, sign_in):
    connector = build(folder, {"authorize_params": {"access_type": "offline", "prompt": "consent"}})
    consent, asked, _, _ = sign_in(connector, {"access_token": "canary-1"})
    named = query(consent)
    assert (named["access_type"], named["prompt"], named["client_id"]) == ("offline", "consent", "app-1")
    assert (named["response_type"], named["code_challenge_method"]) == ("code", "S256")
    assert 43 <= len(form(asked)["code_verifier"]) <= 128


def test_shopify_has_the_shop_in_every_address_and_the_token_in_a_header_of_its_own(folder, sign_in, rerouted):
    connector = build(
        folder,
        {
            "authorize_url": "https://{shop}.myshopify.com/admin/oauth/authorize",
            "token_url": "https://{shop}.myshopify.com/admin/oauth/access_token",
            "client_auth": "body", "pkce": False, "scope_separator": ",", "to": "header.X-Shopify-Access-Token",
            "inputs": {"shop": field(), "scopes": field(required=False), **CLIENT},
        },
        base="https://{shop}.myshopify.com/admin/api/2026-01", hosts=["{shop}.myshopify.com"], scopes="[read_products]",
    )  # fmt: skip
    given = {**GIVEN, "shop": "Acme-1", "scopes": "x_y read_products"}
    said = {"access_token": "canary-shop", "scope": "x_y,read_products"}
    consent, asked, call, _ = sign_in(connector, said, given)
    assert (consent.hostname, query(consent)["scope"]) == ("acme-1.myshopify.com", "x_y,read_products")
    assert form(asked) == {
        "grant_type": "authorization_code", "code": "canary-code", "redirect_uri": REDIRECT,
        "client_id": "app-1", "client_secret": SECRET,
    }  # fmt: skip
    assert (call.header("x-shopify-access-token"), call.header("authorization")) == ("canary-shop", None)
    assert rerouted.urls == [
        "https://Acme-1.myshopify.com/admin/oauth/access_token", "https://Acme-1.myshopify.com/admin/api/2026-01/lamps",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("https://na1.my.lamp.example", "https://na1.my.lamp.example/services/v60/lamps"),
        ("https://na1.my.lamp.example/", "https://na1.my.lamp.example/services/v60/lamps"),
        ("na1.my.lamp.example", "https://na1.my.lamp.example/services/v60/lamps"),
        ("https://rest9.lamp.example/rest-services/e99/", "https://rest9.lamp.example/rest-services/e99/lamps"),
        ("https://evil.example", "https://login.lamp.example/services/v60/lamps"),
        ("https://127.0.0.1", "https://login.lamp.example/services/v60/lamps"),
        ("https://lamp.example.evil.example", "https://login.lamp.example/services/v60/lamps"),
        (None, "https://login.lamp.example/services/v60/lamps"),
    ],
)
def test_salesforce_names_the_base_url_in_its_token_reply_within_the_allowed_hosts(
    folder, sign_in, rerouted, caplog, named, url
):
    connector = build(
        folder, {"base_url_from": "extra.instance_url"}, base="https://login.lamp.example/services/v60"
    )  # fmt: skip
    said = {"access_token": "canary-1", "extra": {"instance_url": named}, "api_url": "https://api-eu.lamp.example"}
    sign_in(connector, said)
    assert rerouted.urls[-1] == url
    is_refused = named is not None and url.startswith("https://login.")
    assert (f"({named.removeprefix('https://')!r})" in caplog.text) if is_refused else not caplog.text


def test_a_reply_names_no_base_url_where_the_manifest_reads_none(folder, sign_in, rerouted):
    sign_in(build(folder, {}), {"access_token": "canary-1", "api_url": "https://api-eu.lamp.example"})
    assert rerouted.urls[-1] == "https://api.lamp.example/v2/lamps"


@pytest.mark.parametrize("body", ["form", "json"])
def test_auth0_gets_its_audience_and_a_tenant_in_its_path(folder, server, rerouted, body):
    connector = build(
        folder,
        {
            "kind": "oauth2_client_credentials", "token_url": "https://auth.lamp.example/{tenant}/oauth/token",
            "token_body": body, "token_params": {"resource": "urn:{tenant}"},
            "inputs": {"audience": field(to="token.audience"), "tenant": field(), "pin": field(type="password", to="token.pin"), **CLIENT},
        },
    )  # fmt: skip
    server.always(reply(json_={"access_token": "canary-1"}))
    given = {**GIVEN, "audience": "https://api.lamp.example/", "tenant": "a b/c", "pin": "canary pin"}
    with Client(connector, Connection(connector, "it", given, http=rerouted), http=rerouted) as client:
        client.run("list")
    asked = server.requests[0]
    assert (asked.json() if body == "json" else form(asked)) == {
        "grant_type": "client_credentials", "audience": "https://api.lamp.example/", "resource": "urn:a b/c",
        "pin": "canary pin",
    }  # fmt: skip
    assert rerouted.urls[0] == "https://auth.lamp.example/a%20b%2Fc/oauth/token"


def test_a_secret_of_a_token_request_is_hidden_when_the_server_repeats_it(folder, server, rerouted):
    inputs = {"pin": field(type="password", to="token.pin"), **CLIENT}
    connector = build(folder, {"kind": "oauth2_client_credentials", "inputs": inputs})
    server.always(reply(400, {"error": "odd", "error_description": "canary-pin-1 is wrong"}))
    connection = Connection(connector, "it", {**GIVEN, "pin": "canary-pin-1"}, http=rerouted)
    with Client(connector, connection, http=rerouted) as client, pytest.raises(errors.SignInError) as caught:
        client.run("list")
    assert "canary" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    ("separator", "said", "scopes"),
    [
        (" ", "a b", ("a", "b")), (" ", "a,b", ("a", "b")), (",", "a b", ("a", "b")), (",", "a, b", ("a", "b")),
        (",", "a,b", ("a", "b")), ("|", "a|b", ("a", "b")), ("|", "a b|c,d", ("a", "b", "c", "d")), (" ", "", ()),
        ("+", "a:r+b", ("a:r", "b")), (";", ";a;;b;", ("a", "b")),
    ],
)  # fmt: skip
def test_scopes_are_read_however_they_are_parted(folder, sign_in, separator, said, scopes):
    connector = build(folder, {"scope_separator": separator}, scopes="[b]" if "b" in scopes else "[]")
    *_, connection = sign_in(connector, {"access_token": "canary-1", "scope": said})
    assert connection.token_source.read_token_set().scopes == scopes


def test_scopes_that_a_program_passes_are_read_so_too(folder):
    connector = build(folder, {})
    connection = Connection(connector, "it", GIVEN, token={"access_token": "canary-1", "scope": "x_y,read_products"})
    assert connection.token_source.read_token_set().scopes == ("x_y", "read_products")


@pytest.mark.parametrize("token_type", ["bot", "user", "BEARER", "lamp", "", None, 5, ["bearer"]])
def test_a_token_of_any_type_is_sent_as_the_manifest_says(folder, sign_in, token_type):
    _, _, call, _ = sign_in(build(folder, {"scheme": "Lamp"}), {"access_token": "canary-1", "token_type": token_type})
    assert call.header("authorization") == "Lamp canary-1"


def test_an_address_that_a_connection_fills_with_another_host_is_refused_before_anything_is_sent(folder, server):
    connector = build(
        folder,
        {"token_url": "https://{domain}/token", "inputs": {"domain": field(format="host"), **CLIENT}},
    )
    with pytest.raises(errors.UsageError, match=r"evil\.example.* is not https at a host of lamp"):
        begin_sign_in(
            connector, name="a", redirect_uri=REDIRECT, store=MemoryStore(), inputs={**GIVEN, "domain": "evil.example"},
            kind="it",
        )  # fmt: skip
    assert server.requests == []


def test_a_refresh_says_the_same_parameters_and_finds_the_token_where_the_reply_has_it(folder, server, rerouted, clock):
    connector = build(folder, {"token_field": "authed_user.access_token", "token_params": {"tenant": "t1"}})
    replies = iter(
        [{"access_token": "canary-2", "refresh_token": "canary-r2"},
         {"authed_user": {"access_token": "canary-3", "refresh_token": "canary-r3"}, "access_token": "canary-bot"}]
    )  # fmt: skip
    server.always(lambda request: reply(json_=next(replies) if request.method == "POST" else {}))
    token = {"access_token": "canary-1", "refresh_token": "canary-r1", "expires_at": 1}
    connection = Connection(connector, "it", GIVEN, token=token, http=rerouted)
    with Client(connector, connection, http=rerouted, clock=clock) as client:
        for _ in range(2):
            client.run("list")
            clock.passed += 4000
    forms = [form(request) for request in server.requests if request.method == "POST"]
    assert [one["refresh_token"] for one in forms] == ["canary-r1", "canary-r2"]
    assert {one["tenant"] for one in forms} == {"t1"}
    calls = [request.header("authorization") for request in server.requests if request.method == "GET"]
    assert calls == ["Bearer canary-2", "Bearer canary-3"]
