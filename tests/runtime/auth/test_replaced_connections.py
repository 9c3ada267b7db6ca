"""A running client notices, when the service rejects its credential, that the stored connection was replaced."""

from __future__ import annotations

import base64

import jwt
import pytest
from support.servers import reply

from connector import Connection, errors
from connector.runtime.auth.connection_record import store_key

ME = {"userId": "me"}
BY_KEY = """
  byKey: {label: By key, kind: api_key, to: header.X-API-Key, inputs: {apiKey: {label: K, help: A key., type: password, required: true}}}
  byName:
    label: By name
    kind: basic
    inputs:
      user: {label: U, help: A user., type: string, required: true, to: basic.username}
      secret: {label: S, help: A secret., type: password, required: true, to: basic.password}
"""
INPUTS = {
    "accessToken": lambda number: {"accessToken": f"token-{number}"},
    "apiJwt": lambda number: {"apiKey": f"key-{number}", "apiSecret": f"secret-{number}"},
}


def read(request):
    """Return which credential signed a request: its number."""
    authorization = request.header("authorization") or ""
    token = authorization.removeprefix("Bearer ")
    if token.count(".") == 2:
        token = jwt.decode(token, options={"verify_signature": False})["iss"]
    if authorization.startswith("Basic "):
        token = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    return (request.header("x-api-key") or token)[-1:]


@pytest.fixture(params=INPUTS)
def stored(request, zoom, store):
    """A stored connection of each kind that needs no sign-in; call it to store the next."""

    def save(number):
        Connection(zoom, request.param, name="work", store=store, **INPUTS[request.param](number)).save()

    save(1)
    return save


@pytest.fixture
def accepts(server):
    """Accept the credential of one number only."""
    accepted = {"number": "1"}

    def play(request):
        if read(request) == accepted["number"]:
            return reply(200, {"id": "me"})
        return reply(401, {"code": 124, "message": "Invalid access token."})

    server.always(play)
    return lambda number: accepted.update(number=str(number))


@pytest.mark.parametrize("loaded", ["by name", "as an object", "named by the call"])
def test_the_credential_that_the_store_has_now_is_used_once_the_old_one_is_rejected(
    zoom, runner, server, store, stored, accepts, loaded
):
    connection = {"by name": "work", "as an object": Connection.load(zoom, "work", store=store)}.get(loaded)
    named = {"connection": "work"} if connection is None else {}
    client = runner(server.url, connection, store=store)
    assert client.run("getUser", ME, **named).status == 200
    stored(2)
    accepts(2)
    assert client.run("getUser", ME, **named).status == 200
    assert [read(request) for request in server.requests] == ["1", "1", "2"]
    assert client.run("getUser", ME, **named).status == 200
    assert len(server.requests) == 4, "it is kept"


def test_what_was_not_replaced_is_sent_once_and_told_as_before(runner, server, store, stored, accepts):
    accepts(7)
    client = runner(server.url, "work", store=store)
    for _ in range(2):
        with pytest.raises(errors.SignInError, match="does not accept the token"):
            client.run("getUser", ME)
    assert server.count == 2


def test_what_was_removed_is_told(zoom, runner, server, store, stored, accepts):
    client = runner(server.url, "work", store=store)
    assert client.run("getUser", ME).status == 200
    store.remove(store_key(zoom, "work"))
    accepts(7)
    with pytest.raises(errors.SignInError, match="'work' is no longer in its store: it was removed") as caught:
        client.run("getUser", ME)
    assert "connector connect work" in caught.value.hint
    assert server.count == 2


def test_what_was_replaced_by_another_kind_is_used_by_the_next_call(zoom, runner, server, store, accepts, authority):
    Connection(zoom, "accessToken", name="work", store=store, accessToken="token-1").save()
    client = runner(server.url, "work", store=store)
    assert client.run("getUser", ME).status == 200
    Connection(zoom, "apiJwt", name="work", store=store, apiKey="key-2", apiSecret="secret-2").save()
    accepts(2)
    with pytest.raises(errors.SignInError, match="replaced by one of another kind") as caught:
        client.run("getUser", ME)
    assert caught.value.retryable
    assert client.run("getUser", ME).status == 200
    authority.connection(zoom, store=store, name="fresh").delete()
    Connection(zoom, "accessToken", name="work", store=store, accessToken="token-3").save()
    accepts(3)
    with pytest.raises(errors.SignInError, match="replaced by one of another kind"):
        client.run("getUser", ME)
    assert client.run("getUser", ME).status == 200


def test_a_sign_in_that_was_replaced_by_another_kind_is_too(zoom, runner, authority, store, clock):
    authority.connection(zoom, store=store, name="work")
    client = runner(authority.url, "work", store=store, clock=clock)
    assert client.run("getUser", ME).status == 200
    authority.expire()
    authority.own.add("token-9")
    Connection(zoom, "accessToken", name="work", store=store, accessToken="token-9").save()
    with pytest.raises(errors.SignInError, match="replaced by one of kind accessToken"):
        client.run("getUser", ME)
    assert client.run("getUser", ME).status == 200
    authority.own.clear()
    store.remove(store_key(zoom, "work"))
    authority.connection(zoom, store=store, name="work")
    with pytest.raises(errors.SignInError, match="replaced by one of another kind"):
        client.run("getUser", ME)
    assert client.run("getUser", ME).status == 200
    authority.expire()
    authority.own.add("token-8")
    Connection(zoom, "accessToken", name="work", store=store, accessToken="token-8").save()
    with pytest.raises(errors.SignInError, match="replaced by one of kind accessToken"):
        client.run("getUser", ME)
    assert client.run("getUser", ME).status == 200


@pytest.mark.parametrize("kind", ["byKey", "byName"])
def test_so_are_keys_and_passwords(folder, runner, server, store, accepts, kind):
    shop = folder(BY_KEY)
    inputs = {"byKey": lambda n: {"apiKey": f"key-{n}"}, "byName": lambda n: {"user": "u", "secret": f"s-{n}"}}[kind]
    Connection(shop, kind, name="work", store=store, **inputs(1)).save()
    client = runner(server.url, "work", store=store, connector=shop)
    assert client.request("GET", "/x").status == 200
    Connection(shop, kind, name="work", store=store, **inputs(2)).save()
    accepts(2)
    assert client.request("GET", "/x").status == 200
    assert [read(request) for request in server.requests] == ["1", "1", "2"]


def test_what_a_function_returned_is_asked_for_again_after_it_was_rejected(zoom, runner, server, accepts):
    numbers = iter("123")

    def resolve(name):
        return Connection(zoom, "accessToken", name=name, accessToken=f"token-{next(numbers)}")

    client = runner(server.url, None, resolve_connection=resolve)
    for _ in range(2):
        assert client.run("getUser", ME, connection="work").status == 200
    accepts(2)
    with pytest.raises(errors.SignInError, match="does not accept the token"):
        client.run("getUser", ME, connection="work")
    assert client.run("getUser", ME, connection="work").status == 200


def test_a_connection_that_is_not_stored_is_not_looked_for(zoom, runner, server, store, accepts):
    accepts(7)
    client = runner(server.url, Connection(zoom, "accessToken", name="work", store=store, accessToken="token-1"))
    with pytest.raises(errors.SignInError, match="does not accept the token"):
        client.run("getUser", ME)
    assert server.count == 1
