"""Connections by name: an engine passes a name, and the client resolves it."""

from __future__ import annotations

import pytest

from connector import Client, Connection, errors
from connector.runtime.auth.connection import store_key
from connector.runtime.storage.memory_store import MemoryStore

TENANTS = ("acme", "globex")


@pytest.fixture
def store(zoom):
    """A store with a connection for each tenant."""
    made = MemoryStore()
    for tenant in TENANTS:
        Connection(zoom, "accessToken", name=tenant, store=made, accessToken=f"token-of-{tenant}").save()
    return made


def sent(server):
    return [request.header("authorization") for request in server.requests]


def test_a_client_may_be_made_with_the_name_of_a_connection(runner, server, store):
    assert runner(server.url, "acme", store=store).run("getUser", {"userId": "me"}).status == 200
    assert sent(server) == ["Bearer token-of-acme"]


def test_the_calls_of_one_client_may_each_name_a_connection(runner, server, store):
    one = runner(server.url, None, store=store)
    for name in (*TENANTS, "acme"):
        one.run("getUser", {"userId": "me", "connection": name})
    one.run_file({"action": "getUser", "connection": "globex", "inputs": {"userId": "me"}})
    assert sent(server) == [f"Bearer token-of-{name}" for name in ("acme", "globex", "acme", "globex")]


def test_a_client_with_a_connection_never_uses_another_whatever_a_call_says(runner, server, store):
    one = runner(server.url, "acme", store=store)
    with pytest.raises(errors.InputError, match="connection"):
        one.run("getUser", {"userId": "me", "connection": "globex"})
    assert server.count == 0


def test_a_name_is_looked_for_once(runner, server, zoom, token_connection):
    asked = []

    def resolve(name):
        asked.append(name)
        return token_connection

    one = runner(server.url, None, resolve_connection=resolve)
    for _ in range(3):
        one.run("getUser", {"userId": "me", "connection": "from-the-vault"})
    assert asked == ["from-the-vault"]
    assert server.count == 3


@pytest.mark.parametrize("name", ["nobody", "acm", "Acme"])
def test_a_name_that_nothing_is_kept_under_is_told_without_the_names_of_others(zoom, store, name):
    with pytest.raises(errors.SignInError, match=rf"No connection '{name}' is stored\.") as caught:
        Client(zoom, name, store=store)
    with Client(zoom, store=store) as client, pytest.raises(errors.SignInError, match="connector connect") as inner:
        client.run("getUser", {"userId": "me", "connection": name})
    for error in (caught.value, inner.value):
        assert not any(kept in str(error.to_dict()) for kept in ("acme", "globex"))


@pytest.mark.parametrize("name", ["", 5, ["acme"], True])
def test_what_is_no_name_is_told(zoom, store, name):
    with Client(zoom, store=store) as client, pytest.raises(errors.InputError, match="the name of a connection"):
        client.run("getUser", {"userId": "me", "connection": name})


def test_a_resolver_that_brings_something_else_is_told(zoom, folder):
    lamp = Connection(folder(), "key", apiKey="canary-of-another-service")
    with pytest.raises(errors.UsageError, match="belongs to lamp, not to zoom") as caught:
        Client(zoom, "x", resolve_connection=lambda _: lamp)
    assert "canary" not in repr(caught.value)
    with pytest.raises(errors.UsageError, match="connection is a dict"):
        Client(zoom, "x", resolve_connection=lambda _: {"access_token": "canary"})


def test_a_dry_run_needs_no_connection_even_if_the_call_names_one(zoom, store):
    request = Client(zoom, store=store).dry_run("getUser", {"userId": "me", "connection": "nobody"})
    assert request.path.endswith("/users/me")


def test_a_connection_that_is_kept_and_is_none_is_told(zoom, store):
    store.write(store_key(zoom, "odd"), {"kind": 5})
    with pytest.raises(errors.StoreError, match="is not a connection"):
        Client(zoom, "odd", store=store)
