"""A sign-in during a refresh does not wait and wins; a removal waits and leaves nothing behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from support.calling import attempt
from support.oauth_server import INVALID, when
from support.pace import wait_until
from support.servers import held, reply

from connector import Client, Connection, errors
from connector.core.auth import token_set
from connector.core.auth.token_set import NO_EXPIRY
from connector.runtime.auth.connection_record import store_key
from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in
from connector.runtime.storage.file_store import FileStore
from connector.runtime.storage.memory_store import MemoryStore

REDIRECT = "http://127.0.0.1:1/callback"


@pytest.fixture
def gate():
    return threading.Event()


@pytest.fixture
def refreshing(zoom, authority, clock, gate):
    """Start a call whose refresh blocks until the gate opens; return its future."""
    with ThreadPoolExecutor(2) as pool, ExitStack() as stack:

        def begin(store, play):
            authority.then(play)
            connection = authority.connection(zoom, store=store, name="work")
            client = stack.enter_context(Client(zoom, connection, base_url=authority.url, clock=clock))
            waiting = pool.submit(attempt, client)
            wait_until(lambda: authority.asked == 1)
            return client, waiting

        yield begin
        gate.set()


def tokens(zoom, store):
    return store.read(store_key(zoom, "work")).data["grant"]


@pytest.mark.parametrize("way", ["a file", "memory"])
@pytest.mark.parametrize("answer", ["a token", "invalid_grant", "trouble"])
def test_a_sign_in_during_a_refresh_wins(zoom, authority, refreshing, gate, tmp_path, clock, way, answer):
    store = FileStore(tmp_path / "store") if way == "a file" else MemoryStore()
    says = {"invalid_grant": lambda _: held(gate, reply(400, INVALID)), "trouble": lambda _: held(gate, reply(503, {}))}
    _, waiting = refreshing(store, says.get(answer, when(gate)))
    began = begin_sign_in(zoom, name="work", redirect_uri=REDIRECT, store=store, inputs=authority.inputs(), clock=clock)
    finish_sign_in(zoom, authority.consent(began.url), store=store, clock=clock)
    newest = tokens(zoom, store)
    assert not waiting.done(), "the refresh is still under way, and was not waited for"
    gate.set()
    got = waiting.result(30)
    assert tokens(zoom, store) == newest
    assert store.read(store_key(zoom, "work")).data["dead"] is None
    assert got == 200
    assert authority.requests[-1].header("authorization") == f"Bearer {newest['access_token']}"


def test_a_connection_that_is_signed_in_again_uses_the_newest_at_once(zoom, authority, refreshing, gate, clock):
    store = MemoryStore()
    client, waiting = refreshing(store, when(gate))
    newest = token_set.parse_token(authority.sign_in(1_900_000_000.0))
    client.connection.save(newest)
    assert attempt(client) == 200
    assert authority.requests[-1].header("authorization") == f"Bearer {newest.access_token}"
    gate.set()
    assert waiting.result(30) == 200
    assert tokens(zoom, store) == newest.to_dict() | {"scopes": None}
    assert authority.asked == 1


class Watched(MemoryStore):
    """A store that records operations on the connection and requests for its lock."""

    def __init__(self):
        super().__init__()
        self.did = []

    def lock(self, key, timeout):
        self.did.append("asks for the lock")
        return super().lock(key, timeout)

    def write(self, key, data, *, version=None):
        self.did.append("writes a grant" if data["grant"]["expires_at"] > 1 else "writes")
        return super().write(key, data, version=version)

    def remove(self, key):
        self.did.append("removes")
        return super().remove(key)


def test_a_removal_waits_for_a_refresh_so_that_its_token_goes_too(zoom, refreshing, gate):
    store = Watched()
    _, waiting = refreshing(store, when(gate))
    with ThreadPoolExecutor(1) as pool:
        forgotten = pool.submit(Connection.load(zoom, "work", store=store).delete)
        wait_until(lambda: store.did.count("asks for the lock") == 2)
        assert "removes" not in store.did
        gate.set()
        assert forgotten.result(30) is True
    assert waiting.result(30) == 200
    assert store.did[-2:] == ["writes a grant", "removes"]
    assert store.keys() == []


def test_a_removal_that_waits_in_vain_says_who_holds_the_connection(zoom, refreshing, gate, monkeypatch):
    store = MemoryStore()
    _, waiting = refreshing(store, when(gate))
    monkeypatch.setattr("connector.runtime.auth.connection.LOCK_TIMEOUT", 0.05)
    with pytest.raises(errors.StoreError, match="is locked by process"):
        Connection.load(zoom, "work", store=store).delete()
    gate.set()
    assert waiting.result(30) == 200
    assert store.keys() == [store_key(zoom, "work")]


@pytest.mark.parametrize("again", [1, 2, 3])
def test_a_late_end_of_what_was_removed_takes_nothing_newer_along(zoom, authority, refreshing, gate, again):
    """The record's versions restart after a removal: none may be mistaken for an earlier one."""
    store = MemoryStore()
    client, waiting = refreshing(store, lambda _: held(gate, reply(400, INVALID)))
    newest = token_set.parse_token(authority.sign_in(1_900_000_000.0))

    def sign_in_again():
        client.connection.delete()
        for _ in range(again):
            Connection(zoom, "oauth2", store=store, name="work", **authority.inputs()).save(newest)

    with ThreadPoolExecutor(1) as pool:
        signed_in = pool.submit(sign_in_again)
        gate.set()
        signed_in.result(30)
    assert isinstance(waiting.result(30), errors.SignInError)
    record = store.read(store_key(zoom, "work")).data
    assert (record["dead"], record["grant"]["refresh_token"]) == (None, newest.refresh_token)
    assert attempt(client) == 200


def test_a_connection_from_a_store_is_renewed_with_what_somebody_gave_anew_elsewhere(zoom, authority, tmp_path, clock):
    store = FileStore(tmp_path / "store")
    old = {**authority.inputs(), "clientSecret": "the-secret-before"}
    Connection(zoom, "oauth2", name="work", store=store, token=authority.sign_in(ends=NO_EXPIRY), **old)
    with Client(zoom, "work", store=store, base_url=authority.url, clock=clock) as client:
        assert attempt(client) == 200
        newer = Connection(zoom, "oauth2", name="work", store=store, **authority.inputs())
        newer.save(token_set.parse_token(authority.sign_in()))
        authority.expire()
        assert attempt(client) == 200
    assert authority.asked == 1
    assert authority.refused == {}


def test_closing_a_client_ends_its_wait_for_a_refresh_and_not_the_refresh(zoom, authority, refreshing, gate):
    store = MemoryStore()
    client, waiting = refreshing(store, when(gate))
    client.close()
    error = waiting.result(20)
    assert isinstance(error, errors.UsageError)
    assert "closed" in str(error)
    gate.set()
    wait_until(lambda: tokens(zoom, store)["expires_at"] > 1)
    assert authority.alive()
