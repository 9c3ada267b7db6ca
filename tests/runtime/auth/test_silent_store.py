"""A connection is read from its store off the event loop and within the call's deadline, however silent the store."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from support import private_postgres
from support.pace import WIDE
from support.proxies import Gate

from connector import AsyncClient, Client, Connection, errors
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.storage.open import open_store

ME = {"userId": "me"}
LISTING = "getMeetingRecordings"
TURNS = 5  # of a loop in a second; it has a hundred unless something holds it


@pytest.fixture(scope="module")
def gate():
    """A database behind a gate; it has a connection named work."""
    url = private_postgres.fresh()
    address, _, rest = url.rpartition("@")[2].partition("/")
    with Gate(int(address.rpartition(":")[2])) as made:
        made.url = url.replace(address, f"127.0.0.1:{made.port}")
        made.database = rest
        yield made


@pytest.fixture
def store(gate, zoom):
    """The store behind the gate."""
    gate.mode = "open"
    made = open_store(gate.url)
    Connection(zoom, "accessToken", name="work", store=made, accessToken="token-of-work").save()
    return made


@pytest.fixture
def silent(gate, store):
    """The same store, which accepts connections and says nothing."""
    gate.mode = "silent"
    yield store
    gate.mode = "open"


async def measure(call):
    """Await a call; return its error, its seconds, and the turns of the loop meanwhile."""
    loop, began, turns, error = asyncio.get_running_loop(), time.monotonic(), 0, None

    def beat():
        nonlocal turns, beating
        turns += 1
        beating = loop.call_later(0.01, beat)

    beating = loop.call_soon(beat)
    try:
        await call
    except errors.ConnectorError as caught:
        error = caught
    beating.cancel()
    return error, time.monotonic() - began, turns


async def first_item(client, **options):
    async with client.items("listUsers", **options) as items:
        async for _ in items:
            return


ASYNC_CALLS = {
    "run": lambda client, folder, **named: client.run("getUser", ME, timeout=1, **named),
    "named by the inputs": lambda client, folder, **named: client.run("getUser", {**ME, **named}, timeout=1),
    "request": lambda client, folder, **named: client.request("GET", "/users/me", timeout=1, **named),
    "items": lambda client, folder, **named: first_item(client, timeout=1, **named),
    "download": lambda client, folder, **named: client.download("https://zoom.us/rec/x", f"{folder}/x", timeout=1, **named),
    "download_all": lambda client, folder, **named: client.download_all(LISTING, {"meetingId": "1"}, folder, timeout=1, **named),
}  # fmt: skip


@pytest.mark.parametrize("own", [True, False], ids=["the client's own", "of the call"])
@pytest.mark.parametrize("call", ASYNC_CALLS)
def test_a_task_gets_an_error_in_time_and_the_loop_goes_on(zoom, silent, server, tmp_path, call, own):
    async def work():
        named = {} if own else {"connection": "work"}
        async with AsyncClient(zoom, "work" if own else None, store=silent, base_url=server.url) as client:
            return await measure(ASYNC_CALLS[call](client, tmp_path, **named))

    error, seconds, turns = asyncio.run(work())
    assert type(error) is errors.DeadlineError
    assert "was not read from its store within 1.0 s" in str(error)
    assert 0.9 < seconds < WIDE
    assert turns > TURNS
    assert server.count == 0


SYNC_CALLS = {
    "run": lambda client, folder, **named: client.run("getUser", ME, timeout=1, **named),
    "request": lambda client, folder, **named: client.request("GET", "/users/me", timeout=1, **named),
    "items": lambda client, folder, **named: next(client.items("listUsers", timeout=1, **named)),
    "download": lambda client, folder, **named: client.download("https://zoom.us/rec/x", f"{folder}/x", timeout=1, **named),
    "download_all": lambda client, folder, **named: client.download_all(LISTING, {"meetingId": "1"}, folder, timeout=1, **named),
}  # fmt: skip


@pytest.mark.parametrize("call", SYNC_CALLS)
def test_a_thread_gets_an_error_in_time(zoom, silent, server, tmp_path, call):
    client = Client(zoom, store=silent, base_url=server.url)
    began = time.monotonic()
    with pytest.raises(errors.DeadlineError, match=r"was not read from its store within 1\.0 s"):
        SYNC_CALLS[call](client, tmp_path, connection="work")
    assert time.monotonic() - began < WIDE


def test_a_refresh_that_needs_a_silent_store_holds_nobody_up(zoom, gate, store, authority):
    authority.connection(zoom, name="person", store=store)
    connection = Connection.load(zoom, "person", store=store)

    async def work():
        async with AsyncClient(zoom, connection, base_url=authority.url) as client:
            gate.mode = "silent"
            return await measure(client.run("getUser", ME, timeout=1))

    error, seconds, turns = asyncio.run(work())
    gate.mode = "open"
    assert type(error) is errors.DeadlineError
    assert 0.9 < seconds < WIDE
    assert turns > TURNS
    with Client(zoom, connection, base_url=authority.url) as client:
        assert client.run("getUser", ME, timeout=30).status == 200
    assert authority.refused == {}


def test_creating_a_client_does_not_wait_for_a_silent_store(zoom, silent):
    began = time.monotonic()
    Client(zoom, "work", store=silent)
    AsyncClient(zoom, "work", store=silent)
    assert time.monotonic() - began < WIDE


def test_a_store_that_speaks_again_in_time_is_enough(zoom, gate, silent, server):
    async def work():
        async with AsyncClient(zoom, "work", store=silent, base_url=server.url) as client:
            asyncio.get_running_loop().call_later(0.5, setattr, gate, "mode", "open")
            return await client.run("getUser", ME, timeout=20)

    assert asyncio.run(work()).status == 200


def test_the_time_that_the_store_took_is_part_of_the_calls(zoom, store, server, clock):
    def resolve(name):
        assert not threading.Event().wait(0.3)
        return Connection.load(zoom, name, store=store)

    client = Client(zoom, resolve_connection=resolve, base_url=server.url, clock=clock)
    call = client._prepare("getUser", ME, CallOptions.parse(connection="work"))
    assert 0.3 <= call.waited < WIDE
    assert next(call.build_steps()).deadline == pytest.approx(clock.time() + 60 - call.waited)
