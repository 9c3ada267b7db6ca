"""Items of a listing: one page is read ahead, memory stays flat, and stopping early leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import tracemalloc

import pytest
from support import servers
from support.pace import WIDE, wait_for, wait_until
from support.servers import Counting

from connector import AsyncClient, Client, errors


def numbered(pages, per_page=3, **more):
    """A listing of so many pages; the cursor is the number of the next."""

    def answer(request):
        place = int(dict(request.query).get("next_page_token") or 0)
        users = [{"id": place * per_page + one} for one in range(per_page)]
        following = str(place + 1) if place + 1 < pages else ""
        return servers.reply(json_={"next_page_token": following, "users": users, **more})

    return answer


def ids(items):
    return [item["id"] for item in items]


def test_every_item_of_every_page_comes_once_and_in_order(runner, server):
    server.always(numbered(5))
    assert ids(runner(server.url).items("listUsers")) == list(range(15))
    assert server.count == 5


def test_a_limit_ends_the_stream(runner, server):
    server.always(numbered(5))
    assert ids(runner(server.url).items("listUsers", limit=7)) == list(range(7))
    assert server.count == 3


def test_trouble_midway_is_retried_where_it_happened(runner, server, clock):
    answer = numbered(4)
    faults = {"1": [servers.hang_up(), servers.reply(503)], "2": [servers.reply(429, {"code": 429, "message": "slow"})]}

    def sometimes(request):
        left = faults.get(dict(request.query).get("next_page_token"), [])
        return left.pop(0) if left else answer(request)

    server.always(sometimes)
    assert ids(runner(server.url, clock=clock).items("listUsers")) == list(range(12))
    assert server.count == 4 + 3


def test_what_is_no_list_cannot_be_streamed(runner, server):
    with pytest.raises(errors.UsageError):
        runner(server.url).items("getUser", {"userId": "me"})
    with pytest.raises(errors.InputError):
        runner(server.url).items("listUsers", {"statuss": "x"})
    assert server.count == 0


def expired_after(pages):
    answer = numbered(99)

    def play(request):
        place = int(dict(request.query).get("next_page_token") or 0)
        bad = servers.reply(400, {"code": 300, "message": "The next page token is invalid or expired."})
        return bad if place >= pages else answer(request)

    return play


class TestOneAfterAnother:
    """The sync client."""

    def test_it_is_complete_when_the_last_item_was_handed_out_and_not_before(self, client, server):
        server.always(numbered(2))
        with client.items("listUsers") as items:
            seen = [(next(items)["id"], items.complete) for _ in range(5)]
            assert seen == [(one, False) for one in range(5)]
        assert (items.complete, items.pages) == (False, 2)

    def test_a_loop_after_a_break_goes_on_where_that_stopped(self, client, server):
        server.always(numbered(2))
        items = client.items("listUsers")
        assert next(item["id"] for item in items) == 0
        assert ids(items) == [1, 2, 3, 4, 5]
        assert items.complete

    def test_progress_is_told(self, client, server):
        server.always(numbered(3))
        items = client.items("listUsers")
        assert (items.pages, items.complete) == (0, False)
        assert server.count == 0
        assert next(items)["id"] == 0
        assert (items.pages, items.complete) == (1, False)
        assert ids(items) == list(range(1, 9))
        assert (items.pages, items.complete) == (3, True)
        assert items.result.status == 200
        assert list(items) == []

    def test_the_next_page_is_read_while_this_one_is_worked_on_and_no_more(self, client, server):
        gates = [threading.Event() for _ in range(5)]
        came = threading.Semaphore(0)
        answer = numbered(5)

        def gated(request):
            place = int(dict(request.query).get("next_page_token") or 0)
            came.release()
            return servers.held(gates[place], answer(request))

        server.always(gated)
        gates[0].set()
        items = client.items("listUsers")
        assert next(items)["id"] == 0
        assert came.acquire(timeout=WIDE)
        assert came.acquire(timeout=WIDE), "the second page is asked for before the first is used up"
        gates[1].set()
        assert not came.acquire(timeout=0.1), "but not the third"
        assert server.count == 2
        for gate in gates:
            gate.set()
        assert ids(items) == list(range(1, 15))

    def test_an_error_comes_after_the_items_before_it_and_ends_the_stream(self, client, server):
        server.always(expired_after(2))
        items = client.items("listUsers")
        got = []
        with pytest.raises(errors.PageError) as caught:
            take_all(items, got)
        assert ids(got) == list(range(6))
        assert (caught.value.pages, caught.value.cursor, items.complete) == (2, "2", False)
        assert list(items) == []
        assert server.count == 3

    def test_an_error_at_once(self, client, server):
        server.always(servers.reply(403, {"code": 200, "message": "No permission."}))
        items = client.items("listUsers")
        with pytest.raises(errors.Denied):
            next(items)
        assert list(items) == []
        assert server.count == 1

    def test_a_break_asks_for_nothing_more_and_leaves_no_thread(self, client, server):
        server.always(numbered(1000))
        before = threading.active_count()
        for place, _ in enumerate(client.items("listUsers")):
            if place == 4:
                break
        gc.collect()
        wait_until(lambda: _readers() == 0)
        assert server.count <= 3
        assert _readers() == 0
        assert threading.active_count() <= before + 3  # the server, the pool of idle connections

    def test_closing_ends_it_wherever_it_is(self, client, server):
        server.always(numbered(1000))
        for taken in (0, 1, 3, 4):
            with client.items("listUsers") as items:
                for _ in range(taken):
                    next(items)
            assert list(items) == []
            assert items.pages == (taken + 2) // 3
            assert not items.complete
            items.close()
        wait_until(lambda: _readers() == 0)
        assert client.run("getUser", {"userId": "me"}).status == 200

    @pytest.mark.parametrize(("pages", "asked"), [(1, 1), (2, 2), (3, 2)])
    def test_a_loop_gets_no_more_items_once_its_listing_is_closed(self, client, server, pages, asked):
        server.always(numbered(pages))
        items = client.items("listUsers")
        seen = []
        for item in items:
            seen.append(item["id"])
            wait_until(lambda: server.count == asked)
            items.close()
        assert (seen, items.complete, items.pages, list(items)) == ([0], False, 1, [])
        assert server.count == asked

    def test_closing_after_the_last_item_leaves_it_complete(self, client, server):
        server.always(numbered(2))
        with client.items("listUsers") as items:
            assert ids(items) == list(range(6))
        assert (items.complete, items.pages) == (True, 2)
        items.close()
        assert items.complete

    def test_what_the_caller_does_to_the_page_changes_no_item_that_follows(self, client, server):
        server.always(numbered(2))
        items, seen = client.items("listUsers"), []
        for item in items:
            seen.append(item["id"])
            items.result.data["users"].clear()
        assert seen == list(range(6))

    def test_closing_does_not_wait_for_the_page_that_is_being_read(self, client, server):
        gate = threading.Event()
        server.then(numbered(9)(_Nothing())).always(servers.held(gate, servers.reply(json_={"users": []})))
        with client.items("listUsers") as items:
            next(items)
        gate.set()
        wait_until(lambda: _readers() == 0)

    def test_a_program_that_left_the_listing_ends_while_the_next_page_is_awaited(self, server):
        server.then(numbered(9)(_Nothing())).always(servers.silence())
        done = subprocess.run(
            [sys.executable, "-c", LEAVES, server.url], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.stdout, done.stderr) == ("left\n", "")

    def test_a_child_of_a_fork_is_told_that_it_has_no_part_in_the_listing(self, client, server):
        gate = threading.Event()
        server.then(numbered(9)(_Nothing())).always(servers.held(gate, servers.reply(json_={"users": []})))
        items = client.items("listUsers")
        next(items)
        pid = os.fork()
        if not pid:
            signal.alarm(20)
            try:
                list(items)
            except errors.UsageError:
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        gate.set()
        items.close()
        wait_until(lambda: _readers() == 0)

    def test_without_a_thread_to_spare_the_next_page_is_an_error(self, client, server, monkeypatch):
        server.always(numbered(9))
        items = client.items("listUsers")

        start = threading.Thread.start

        def refuse(thread):
            if thread.name == "connector-items":
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(errors.TransportError, match="thread"):
            list(items)
        assert items.pages == 1

    def test_a_client_that_is_closed_midway_is_told(self, zoom, token_connection, server):
        server.always(numbered(1000))
        client = Client(zoom, token_connection, base_url=server.url)
        items = client.items("listUsers")
        next(items)
        client.close()
        with pytest.raises(errors.ConnectorError):
            list(items)
        with pytest.raises(errors.UsageError):
            client.items("listUsers")
        assert server.count <= 3

    def test_memory_is_flat_over_a_thousand_pages(self, client, server):
        body = "x" * 300
        server.always(numbered(1000, per_page=20, filler=body))
        items = client.items("listUsers")
        for _ in range(20 * 50):
            next(items)
        gc.collect()
        tracemalloc.start()
        try:
            first = tracemalloc.get_traced_memory()[0]
            count = sum(1 for _ in items)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - first - _kept_by(server)
        finally:
            tracemalloc.stop()
        assert count == 20 * 950
        assert items.pages == 1000
        assert grown < 5 << 20, f"{grown} bytes"

    def test_many_threads_share_a_client(self, client, server):
        server.always(lambda request: servers.reply(json_={"path": request.path}))
        wrong = []

        def work(name):
            for turn in range(20):
                path = client.run("getUser", {"userId": f"{name}-{turn}"}).data["path"]
                if path != f"/v2/users/{name}-{turn}":
                    wrong.append(path)

        threads = [threading.Thread(target=work, args=(f"t{place}",)) for place in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert server.count == 160


def take_all(items, into):
    for item in items:
        into.append(item)


async def take_all_awaited(items, into):
    async for item in items:
        into.append(item)


LEAVES = """
import sys
from connector import Client, Connection, Connector

zoom = Connector.open()
client = Client(zoom, Connection(zoom, "accessToken", accessToken="a-token"), base_url=sys.argv[1])
with client.items("listUsers") as items:
    next(items)
print("left")
"""


class _Nothing:
    query = ()


def _readers():
    return sum(thread.name.startswith("connector-items") for thread in threading.enumerate())


def _kept_by(server):
    """What the counting server itself remembers of each request."""
    return sum(len(request.head) * 4 + 2000 for request in server.requests)


@pytest.fixture
def awaited(zoom, token_connection, server, clock):
    """Run a coroutine function with an async client of the server."""

    def run(work):
        async def main():
            async with AsyncClient(zoom, token_connection, base_url=server.url, clock=clock) as client:
                return await work(client)

        return asyncio.run(main())

    return run


class TestAwaited:
    """The async client."""

    def test_it_is_complete_when_the_last_item_was_handed_out_and_not_before(self, awaited, server):
        server.always(numbered(2))

        async def work(client):
            async with client.items("listUsers") as items:
                seen = [((await anext(items))["id"], items.complete) for _ in range(5)]
                assert seen == [(one, False) for one in range(5)]
            assert (items.complete, items.pages) == (False, 2)

        awaited(work)

    def test_progress_is_told(self, awaited, server):
        server.always(numbered(3))

        async def work(client):
            items = client.items("listUsers")
            assert (items.pages, items.complete) == (0, False)
            first = await anext(items)
            assert (first["id"], items.pages, items.complete) == (0, 1, False)
            rest = [item async for item in items]
            assert (len(rest), items.pages, items.complete) == (8, 3, True)
            assert [item async for item in items] == []

        awaited(work)

    def test_one_page_is_read_ahead(self, awaited, server):
        server.always(numbered(5))

        async def work(client):
            items = client.items("listUsers")
            await anext(items)
            await wait_for(lambda: server.count == 2)
            await asyncio.sleep(0.05)
            assert server.count == 2
            await items.aclose()
            assert [item async for item in items] == []

        awaited(work)

    def test_an_error_comes_after_the_items_before_it(self, awaited, server):
        server.always(expired_after(2))

        async def work(client):
            got = []
            with pytest.raises(errors.PageError) as caught:
                await take_all_awaited(client.items("listUsers"), got)
            assert ids(got) == list(range(6))
            assert caught.value.pages == 2

        awaited(work)

    def test_stopping_early_leaves_no_task_and_no_broken_connection(self, awaited, server):
        server.always(numbered(1000))

        async def work(client):
            for taken in (0, 1, 3, 4):
                async with client.items("listUsers") as items:
                    for _ in range(taken):
                        await anext(items)
                await items.aclose()
            async for _ in client.items("listUsers"):
                break
            gc.collect()
            await asyncio.sleep(0.05)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert (await client.run("getUser", {"userId": "me"})).status == 200

        awaited(work)

    def test_a_cancelled_call_frees_its_connection_and_the_client_goes_on(self, awaited, server):
        server.always(servers.silence())

        async def work(client):
            for _ in range(150):
                task = asyncio.create_task(client.run("getUser", {"userId": "me"}))
                await asyncio.sleep(0)
                await asyncio.sleep(0.001)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            server.always(servers.reply(json_={"id": "u1"}))
            assert (await client.run("getUser", {"userId": "me"}, timeout=WIDE)).data == {"id": "u1"}

        awaited(work)

    def test_cancelling_while_the_next_page_is_awaited_ends_that_too(self, awaited, server):
        server.then(numbered(9)(_Nothing())).always(servers.silence())

        async def work(client):
            items = client.items("listUsers")
            for _ in range(3):
                await anext(items)
            task = asyncio.create_task(anext(items))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await items.aclose()
            assert asyncio.all_tasks() == {asyncio.current_task()}

        awaited(work)

    def test_many_tasks_share_a_client(self, awaited, server):
        server.always(lambda request: servers.reply(json_={"path": request.path}))

        async def work(client):
            results = await asyncio.gather(*(client.run("getUser", {"userId": f"u{place}"}) for place in range(150)))
            assert [result.data["path"] for result in results] == [f"/v2/users/u{place}" for place in range(150)]

        awaited(work)
        assert server.count == 150

    def test_a_client_that_is_closed_is_told(self, zoom, token_connection, server):
        async def work():
            client = AsyncClient(zoom, token_connection, base_url=server.url)
            await client.run("getUser", {"userId": "me"})
            items = client.items("listUsers")
            await client.aclose()
            await client.aclose()
            with pytest.raises(errors.UsageError):
                await client.run("getUser", {"userId": "me"})
            with pytest.raises(errors.UsageError):
                await anext(items)

        asyncio.run(work())
        assert server.count == 1

    def test_a_client_goes_on_in_a_second_loop_once_the_first_has_ended(self, zoom, token_connection, server):
        server.always(servers.reply(json_={}, headers=[("Connection", "close")]))
        client = AsyncClient(zoom, token_connection, base_url=server.url)

        async def once():
            return await client.run("getUser", {"userId": "me"})

        assert asyncio.run(once()).status == 200
        assert asyncio.run(once()).status == 200
        assert (server.count, server.connections) == (2, 2)

    def test_a_client_used_in_two_loops_that_live_is_told(self, zoom, token_connection, server):
        client = AsyncClient(zoom, token_connection, base_url=server.url)
        with asyncio.Runner() as first, asyncio.Runner() as second:
            assert first.run(client.run("getUser", {"userId": "me"})).status == 200
            with pytest.raises(errors.UsageError) as caught:
                second.run(client.run("getUser", {"userId": "me"}))
            first.run(client.aclose())
        assert "loop" in str(caught.value)
        assert (caught.value.outcome, server.count) == ("not_sent", 1)


def test_two_servers_at_once_are_two_pools(zoom, token_connection):
    with Counting() as one, Counting() as two:
        with (
            Client(zoom, token_connection, base_url=one.url) as first,
            Client(zoom, token_connection, base_url=two.url) as second,
        ):
            for _ in range(3):
                first.run("getUser", {"userId": "me"})
                second.run("getUser", {"userId": "me"})
        assert (one.count, two.count, one.connections, two.connections) == (3, 3, 1, 1)
