"""Connections by name: an engine passes a name, and the client resolves it."""

from __future__ import annotations

import pytest
from support.servers import reply

from connector import Client, Connection, errors
from connector.runtime.auth.connection_record import store_key
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


CALLS = {
    "run": lambda one, given, **named: one.run("getUser", {"userId": "me", **given}, **named),
    "items": lambda one, given, **named: one.items("listUsers", given, **named),
    "download_all": lambda one, given, **named: one.download_all("getMeetingRecordings", {"meetingId": "1", **given}, **named),
    "dry_run": lambda one, given, **named: one.client.dry_run("getUser", {"userId": "me", **given}, **named),
}  # fmt: skip


@pytest.mark.parametrize("given", ["globex", "acme", "", 5])
@pytest.mark.parametrize("call", CALLS)
def test_a_connection_that_the_program_names_is_never_one_that_is_given(runner, server, store, call, given):
    one = runner(server.url, None, store=store)
    with pytest.raises(errors.InputError, match="the program names it") as caught:
        CALLS[call](one, {"connection": given}, connection="acme")
    assert [problem.field for problem in caught.value.problems] == ["connection"]
    assert server.count == 0


@pytest.mark.parametrize("call", ["run", "items"])
@pytest.mark.parametrize("named", ["", 5])
def test_a_name_of_the_program_that_is_none_does_not_yield_to_one_that_is_given(runner, server, store, call, named):
    one = runner(server.url, None, store=store)
    with pytest.raises(errors.InputError, match="the program names it"):
        CALLS[call](one, {"connection": "globex"}, connection=named)
    with pytest.raises(errors.InputError, match="the name of a connection"):
        CALLS[call](one, {}, connection=named)
    assert server.count == 0


@pytest.mark.parametrize("given", [{}, {"connection": None}])
def test_the_program_names_the_connection_of_each_call(runner, server, store, tmp_path, given):
    one = runner(server.url, None, store=store)
    one.run("getUser", {"userId": "me", **given}, connection="acme")
    one.request("GET", "/users/me", connection="globex")
    one.items("listUsers", given, connection="acme")
    one.download_all("getMeetingRecordings", {"meetingId": "1", **given}, tmp_path, connection="globex")
    assert sent(server) == [f"Bearer token-of-{name}" for name in ("acme", "globex", "acme", "globex")]


def test_the_files_of_a_listing_are_downloaded_with_its_connection(runner, server, store, tmp_path):
    listing = {"recording_files": [{"id": "f", "download_url": f"{server.url}/file", "file_extension": "M4A"}]}
    server.always(lambda request: reply(200, listing) if "recordings" in request.path else reply(200, body=b"sound"))
    for named in ("acme", "globex"):
        given = {"meetingId": "1"} if named == "acme" else {"meetingId": "1", "connection": named}
        options = {"connection": named} if named == "acme" else {}
        one = runner(server.url, None, store=store)
        result = one.download_all("getMeetingRecordings", given, tmp_path / named, **options)
        assert result.data["downloaded"] == 1, result.data
    assert sent(server) == [f"Bearer token-of-{name}" for name in ("acme", "acme", "globex", "globex")]


def test_a_client_with_a_connection_refuses_another_one_of_the_program_too(runner, server, store):
    one = runner(server.url, "acme", store=store)
    assert one.run("getUser", {"userId": "me"}, connection="acme").status == 200
    with pytest.raises(errors.InputError, match="create a client with that connection"):
        one.run("getUser", {"userId": "me"}, connection="globex")
    assert server.count == 1


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
