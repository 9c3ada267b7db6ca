"""Waiters of a refresh wait for it alone, may give up without harm, and get its error."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.calling import ME, attempt, awaited, together
from support.oauth_server import when
from support.pace import wait_until
from support.servers import held, reply

from connector import AsyncClient, Client, errors
from connector.runtime.auth.connection_record import store_key
from connector.runtime.storage.file_store import FileStore


@pytest.mark.parametrize("shared", [True, False])
def test_a_connection_waits_for_no_other_ones_refresh(zoom, authority, clock, tmp_path, shared):
    store = {"store": FileStore(tmp_path / "store")} if shared else {}
    slow = authority.connection(zoom, name="slow", **store)
    quick = authority.connection(zoom, name="quick", **store)
    gate = threading.Event()
    authority.then(when(gate))
    with (
        Client(zoom, slow, base_url=authority.url, clock=clock) as one,
        Client(zoom, quick, base_url=authority.url, clock=clock) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(attempt, one)
        wait_until(lambda: authority.asked == 1)
        assert [attempt(other) for _ in range(5)] == [200] * 5, "its own refresh among them"
        assert asyncio.run(together(quick, authority.url, clock, 20)) == [200] * 20
        assert not waiting.done()
        gate.set()
        assert waiting.result(20) == 200
    assert authority.asked == 2


def test_a_loop_runs_on_during_a_refresh(zoom, authority, clock):
    gate = threading.Event()
    authority.then(when(gate))
    slow, quick = authority.connection(zoom), authority.connection(zoom)

    async def both():
        async with (
            AsyncClient(zoom, slow, base_url=authority.url, clock=clock) as one,
            AsyncClient(zoom, quick, base_url=authority.url, clock=clock) as other,
        ):
            waiting = asyncio.create_task(awaited(one))
            await authority.was_asked()
            done = [await awaited(other) for _ in range(5)]
            assert not waiting.done()
            gate.set()
            return [*done, await waiting]

    assert asyncio.run(both()) == [200] * 6


class TestGivingUp:
    def test_a_cancelled_task_leaves_the_refresh_to_the_others(self, zoom, authority, clock, tmp_path):
        store = FileStore(tmp_path / "store")
        connection = authority.connection(zoom, name="work", store=store)
        gate = threading.Event()
        authority.then(when(gate))

        async def some_give_up():
            async with AsyncClient(zoom, connection, base_url=authority.url, clock=clock) as client:
                first = asyncio.create_task(awaited(client))
                await authority.was_asked()
                rest = [asyncio.create_task(awaited(client)) for _ in range(9)]
                await asyncio.sleep(0)
                for one in (first, *rest[::2]):
                    one.cancel()
                gone = await asyncio.gather(first, *rest[::2], return_exceptions=True)
                assert {type(one) for one in gone} == {asyncio.CancelledError}
                gate.set()
                return await asyncio.gather(*rest[1::2])

        assert asyncio.run(some_give_up()) == [200] * 4
        assert authority.asked == 1
        assert authority.refused == {}

    @pytest.mark.parametrize("kind", ["threads", "tasks"])
    def test_a_deadline_ends_the_wait_and_the_token_is_kept_all_the_same(self, zoom, authority, tmp_path, kind):
        store = FileStore(tmp_path / "store")
        connection = authority.connection(zoom, name="work", store=store)
        before = store.read(store_key(zoom, "work")).data["grant"]
        gate = threading.Event()
        authority.then(when(gate))

        async def late():
            async with AsyncClient(zoom, connection, base_url=authority.url) as client:
                return await awaited(client, timeout=0.2)

        with Client(zoom, connection, base_url=authority.url) as client:
            error = asyncio.run(late()) if kind == "tasks" else attempt(client, timeout=0.2)
            assert isinstance(error, errors.DeadlineError)
            assert (error.retryable, error.outcome) == (True, "not_sent")
            assert store.read(store_key(zoom, "work")).data["grant"] == before
            gate.set()
            wait_until(lambda: store.read(store_key(zoom, "work")).data["grant"] != before)
            assert attempt(client) == 200
        assert authority.asked == 1
        assert authority.api == {200: 1}

    def test_a_closed_loop_is_no_trouble_for_the_refresh(self, zoom, authority, clock, caplog):
        connection = authority.connection(zoom)
        gate = threading.Event()
        authority.then(when(gate))

        async def leave():
            async with AsyncClient(zoom, connection, base_url=authority.url, clock=clock) as client:
                waiting = asyncio.create_task(awaited(client))
                await authority.was_asked()
                waiting.cancel()

        asyncio.run(leave())
        gate.set()
        with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
            assert attempt(client) == 200
        assert authority.asked == 1
        assert [record for record in caplog.records if record.name == "asyncio"] == []


class TestARefreshThatFails:
    def test_fails_for_all_who_wait_and_for_nobody_after(self, zoom, authority, clock, caplog):
        gate = threading.Event()
        authority.then(lambda _: held(gate, reply(400, {"error": "invalid_request"})))
        connection = authority.connection(zoom)
        with Client(zoom, connection, base_url=authority.url, clock=clock) as client, ThreadPoolExecutor(6) as pool:
            threads = [pool.submit(attempt, client) for _ in range(5)]
            tasks = pool.submit(asyncio.run, together(connection, authority.url, clock, 5))
            wait_until(lambda: authority.asked == 1)
            flight = next(iter(connection.token_source._refreshes.in_progress.values()))
            wait_until(lambda: len(flight._waiters) + len(flight._done_callbacks) == 10)
            gate.set()
            failed = [one.result(60) for one in threads] + tasks.result(60)
            assert authority.asked == 1
            assert attempt(client) == 200, "the next one tries anew"
        assert [type(one) for one in failed] == [errors.SignInError] * 10
        assert len({id(one) for one in failed}) == 10, "each its own, since a call writes on it"
        assert authority.api == {200: 1}
        assert [record for record in caplog.records if record.name == "asyncio"] == []

    def test_in_a_way_that_nobody_foresaw_holds_no_lock(self, zoom, authority, clock, tmp_path):
        class Broken:
            def send(self, *_):
                raise ZeroDivisionError

        store = FileStore(tmp_path / "store")
        connection = authority.connection(zoom, name="work", store=store, http=Broken())
        with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
            for _ in range(2):
                with pytest.raises(ZeroDivisionError):
                    client.run("getUser", ME)
        with store.lock(store_key(zoom, "work"), 1.0):
            pass
        well = authority.connection(zoom, name="work", store=store)
        with Client(zoom, well, base_url=authority.url, clock=clock) as client:
            assert attempt(client) == 200

    def test_for_want_of_a_thread_is_told(self, zoom, authority, clock, monkeypatch):
        connection = authority.connection(zoom)

        def none(*_):
            raise RuntimeError("can't start new thread")

        with Client(zoom, connection, base_url=authority.url, clock=clock) as client:
            with monkeypatch.context() as patched:
                patched.setattr(threading.Thread, "start", none)
                error = attempt(client)
            assert isinstance(error, errors.TransportError)
            assert "Cannot start a thread to refresh the token" in str(error)
            assert authority.requests == []
            assert attempt(client) == 200
