"""Each value of a connection arrives where its definition says, and nowhere else; bytes on a real socket."""

from __future__ import annotations

import base64
import json

import pytest
from support.servers import reply

from connector import Client, Connection, errors

HEAD = "connector: lamp\nlabel: Lamp\nsummary: Lamps.\n"
PLAIN = f'{HEAD}base_url: https://api.lamp.example/v2\nallowed_hosts: ["*.lamp.example"]\n'
SECRET = "canary-s3cret+/="


def field(**words):
    return {"label": "L", "help": "H.", "type": "string", "required": True, **words}


def secret(**words):
    return field(type="password", **words)


def connect(folder, connection_type, given, whole=PLAIN, **manifest):
    """A connection of the only type of a connector."""

    lines = "".join(f"{word}: {json.dumps(value)}\n" for word, value in manifest.items())
    connector = folder(
        whole=f"{whole}{lines}connections:\n  key: {json.dumps({'label': 'K', **connection_type})}\n",
        actions={
            "make": "action: make\nlabel: M\nsummary: M.\nrequest: POST /lamps\ninputs:\n"
            "  size: {label: S, help: S., type: integer, to: body.size, example: 1}\n"
        },
    )
    return Connection(connector, "key", given)


@pytest.fixture
def sent(server, rerouted):
    """Send one request with a connection; what arrived, and the URL that was meant."""
    server.always(reply(json_={"ok": True}))

    def send(connection, call=lambda client: client.request("GET", "/lamps", query={"a": "1"})):
        with Client(connection.connector, connection, http=rerouted) as client:
            call(client)
        return server.requests[-1], rerouted.urls[-1]

    return send


def basic(request):
    return base64.b64decode(request.header("authorization").removeprefix("Basic ")).decode()


HEADERS = {
    "Datadog: two keys in two headers": (
        {"kind": "api_key", "inputs": {"apiKey": secret(to="header.DD-API-KEY"), "app": secret(to="header.DD-APPLICATION-KEY")}},
        {"apiKey": SECRET, "app": "canary-app"},
        {"DD-API-KEY": SECRET, "DD-APPLICATION-KEY": "canary-app", "Authorization": None},
    ),
    "Rails: a scheme that ends with a sign": (
        {"kind": "api_key", "inputs": {"token": secret(to="header.Authorization", scheme="Token token=")}},
        {"token": SECRET},
        {"Authorization": f"Token token={SECRET}"},
    ),
    "Okta: a scheme that is a word": (
        {"kind": "bearer", "scheme": "SSWS", "inputs": {"apiToken": secret()}},
        {"apiToken": SECRET},
        {"Authorization": f"SSWS {SECRET}"},
    ),
    "Discord: a word with its space": (
        {"kind": "bearer", "scheme": "Bot ", "inputs": {"botToken": secret()}},
        {"botToken": SECRET},
        {"Authorization": f"Bot {SECRET}"},
    ),
    "a bearer beside a tenant's header": (
        {"kind": "bearer", "inputs": {"token": secret(), "tenant": field(to="header.X-Tenant"), "seat": field(type="integer", to="header.X-Seat")}},
        {"token": SECRET, "tenant": "acme inc", "seat": 7},
        {"Authorization": f"Bearer {SECRET}", "X-Tenant": "acme inc", "X-Seat": "7"},
    ),
    "the secret of the type, in a header of its own": (
        {"kind": "bearer", "to": "header.X-Shopify-Access-Token", "inputs": {"token": secret()}},
        {"token": SECRET},
        {"X-Shopify-Access-Token": SECRET, "Authorization": None},
    ),
    "several inputs in one header": (
        {"kind": "api_key", "constants": {"header.Authorization": "ApiKey {user}:{key}"}, "inputs": {"user": field(), "key": secret()}},
        {"user": "me", "key": SECRET},
        {"Authorization": f"ApiKey me:{SECRET}"},
    ),
    "an API key in the header that its type names": (
        {"kind": "api_key", "to": "header.X-Key", "scheme": "Key", "inputs": {"key": secret()}},
        {"key": SECRET},
        {"X-Key": f"Key {SECRET}", "X-API-Key": None, "Authorization": None},
    ),
    "Linear: an API key alone in Authorization": (
        {"kind": "api_key", "to": "header.Authorization", "inputs": {"key": secret()}},
        {"key": SECRET},
        {"Authorization": SECRET},
    ),
    "a token is a bearer's, also where its type names the header": (
        {"kind": "bearer", "to": "header.authorization", "inputs": {"token": secret()}},
        {"token": SECRET},
        {"Authorization": f"Bearer {SECRET}"},
    ),
    "what was not given is not sent": (
        {"kind": "bearer", "inputs": {"token": secret(), "tenant": field(required=False, to="header.X-Tenant")}},
        {"token": SECRET},
        {"Authorization": f"Bearer {SECRET}", "X-Tenant": None},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HEADERS)
def test_headers_have_what_their_inputs_say(folder, sent, case):
    connection_type, given, headers = HEADERS[case]
    request, _ = sent(connect(folder, connection_type, given))
    assert {name: request.header(name) for name in headers} == headers
    assert SECRET not in repr(connect(folder, connection_type, given))


def test_an_input_in_a_constant_of_the_manifest_is_filled_in(folder, sent):
    kind = {"kind": "api_key", "inputs": {"apiKey": secret(to="header.DD-API-KEY"), "app": secret()}}
    constants = {"header.DD-APPLICATION-KEY": "{app}", "header.X-Version": "1"}
    request, _ = sent(connect(folder, kind, {"apiKey": SECRET, "app": "canary-app"}, constants=constants))
    assert (request.header("DD-APPLICATION-KEY"), request.header("X-Version")) == ("canary-app", "1")


def test_a_text_with_braces_of_its_own_stays_as_it_is(folder, sent):
    kind = {"kind": "bearer", "inputs": {"shop": field(required=False), "token": secret()}}
    query = "query{viewer{shop}}"
    connection = connect(folder, kind, {"shop": "acme", "token": SECRET}, constants={"body.query": query})
    request, _ = sent(connection, lambda client: client.run("make", {"size": 2}))
    assert request.json() == {"query": query, "size": 2}


def test_the_query_and_the_body_have_what_their_inputs_say(folder, sent):
    kind = {
        "kind": "api_key",
        "inputs": {
            "key": secret(to="query.api_key"), "team": field(to="body.auth.team"), "pin": secret(to="body.auth.pin"),
        },
    }  # fmt: skip
    connection = connect(folder, kind, {"key": SECRET, "team": "red", "pin": "canary pin"})
    request, _ = sent(connection)
    assert (request.query, request.body) == ([("a", "1"), ("api_key", SECRET)], b"")
    request, _ = sent(connection, lambda client: client.run("make", {"size": 2}))
    assert request.json() == {"size": 2, "auth": {"team": "red", "pin": "canary pin"}}
    request, _ = sent(connection, lambda client: client.run("make", {}))
    assert request.json() == {"auth": {"team": "red", "pin": "canary pin"}}
    request, _ = sent(connection, lambda client: client.request("POST", "/lamps", form={"auth": "x"}))
    assert b"canary pin" in request.body
    assert b'name="auth.team"' in request.body


def test_what_is_placed_is_shown_nowhere(folder, server, rerouted, caplog):
    kind = {
        "kind": "api_key",
        "inputs": {"a": secret(to="header.X-A"), "b": secret(to="query.b"), "c": secret(to="body.c")},
    }
    connection = connect(folder, kind, {"a": "canary-a1", "b": "canary-b2", "c": "canary-c3"})
    server.always(reply(400, {"message": "canary-a1 canary-b2 canary-c3"}))
    with (
        Client(connection.connector, connection, http=rerouted) as client,
        pytest.raises(errors.ApiError) as caught,
    ):
        client.run("make", {"size": 1}, debug=True)
    assert server.requests[-1].json() == {"size": 1, "c": "canary-c3"}
    shown = f"{caught.value} {caught.value!r} {caught.value.debug!r} {json.dumps(caught.value.to_dict())} {caplog.text}"
    assert "canary-" not in shown


def test_a_secret_in_the_base_url_goes_there_and_is_shown_nowhere(folder, server, rerouted):
    kind = {"kind": "api_key", "inputs": {"token": secret()}}
    whole = f"{HEAD}base_url: https://api.lamp.example/bot{{token}}\nallowed_hosts: [api.lamp.example]\n"
    connection = connect(folder, kind, {"token": "12:canary-t"}, whole)
    server.always(reply(404, {"message": "no canary-t"}))
    with (
        Client(connection.connector, connection, http=rerouted) as client,
        pytest.raises(errors.ApiError) as caught,
    ):
        client.run("make", {"size": 1}, debug=True)
    assert rerouted.urls == ["https://api.lamp.example/bot12%3Acanary-t/lamps"]
    error = caught.value
    assert "12%3Acanary-t" not in f"{error} {error!r} {error.debug!r} {error.to_dict()} {connection!r}"


BASIC = {
    "Jira: the site is no part of it": (
        {"site": field(), "email": field(to="basic.username"), "apiToken": secret(to="basic.password")},
        {}, {"site": "acme", "email": "a@b.c", "apiToken": SECRET}, f"a@b.c:{SECRET}",
    ),
    "Stripe: the key is the user's name": ({"key": secret(to="basic.username")}, {}, {"key": SECRET}, f"{SECRET}:"),
    "Mailchimp: any name, and a key": ({"key": secret(to="basic.password")}, {"basic.username": "any"}, {"key": SECRET}, f"any:{SECRET}"),
    "Freshdesk: a key and an X": ({"key": secret(to="basic.username")}, {"basic.password": "X"}, {"key": SECRET}, f"{SECRET}:X"),
    "Zendesk: a name with a suffix": (
        {"email": field(), "apiToken": secret(to="basic.password")}, {"basic.username": "{email}/token"},
        {"email": "a@b.c", "apiToken": SECRET}, f"a@b.c/token:{SECRET}",
    ),
    "the password stands first in the file": (
        {"password": secret(to="basic.password"), "user": field(to="basic.username")}, {},
        {"password": "a 'quoted' pässword:", "user": "ü"}, "ü:a 'quoted' pässword:",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BASIC)
def test_basic_joins_the_user_name_and_the_password_and_nothing_else(folder, sent, case):
    inputs, constants, given, joined = BASIC[case]
    host = "{site}.lamp.example" if "site" in inputs else "api.lamp.example"
    whole = f'{HEAD}base_url: https://{host}/rest\nallowed_hosts: ["*.lamp.example"]\n'
    request, url = sent(connect(folder, {"kind": "basic", "inputs": inputs, "constants": constants}, given, whole))
    assert basic(request) == joined
    assert url == f"https://{host.replace('{site}', 'acme')}/rest/lamps"


@pytest.mark.parametrize(
    "connection_type",
    [
        {"kind": "basic", "inputs": {"user": field(), "password": secret()}},
        {"kind": "basic", "inputs": {"a": field(), "b": field(), "c": secret()}},
        {"kind": "basic", "inputs": {"key": secret()}},
        {"kind": "api_key", "inputs": {"key": secret()}},
        {"kind": "bearer", "inputs": {"key": field()}},
        {"kind": "bearer", "inputs": {"key": secret(to="query.key")}},
    ],
)
def test_a_type_that_does_not_say_where_its_values_go_sends_nothing(folder, server, connection_type):
    given = dict.fromkeys(connection_type["inputs"], "canary-x")
    with pytest.raises(errors.DefinitionError, match="does not say") as caught:
        connect(folder, connection_type, given)
    assert "`to" in caught.value.hint
    assert "canary" not in str(caught.value)


def test_every_value_that_cannot_stand_in_its_place_is_told_at_once(folder):
    kind = {
        "kind": "basic",
        "inputs": {
            "user": field(to="basic.username"), "password": secret(to="basic.password"),
            "tenant": field(to="header.X-Tenant"), "key": secret(to="header.X-Key"), "other": secret(to="query.other"),
        },
    }  # fmt: skip
    given = {"user": "a:b", "password": "x\ny", "tenant": "ü", "key": "a b", "other": " padded"}
    with pytest.raises(errors.InputError) as caught:
        connect(folder, kind, given)
    found = {problem.field: problem for problem in caught.value.problems}
    assert set(found) == {"user", "password", "tenant", "key", "other"}
    assert "canary" not in str(found)
    assert (found["password"].got, found["key"].got, found["other"].got) == ("***", "***", "***")
