"""Connection pool: newest connection first, waiters in order, and no broken connection is reused."""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
import time
from concurrent.futures import Future

import pytest
from support import servers
from support.pace import WIDE
from support.servers import Counting
from support.transports import CREATE, READ, IdleLine

from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.runtime.http import connection_pool
from connector.runtime.http.connection_pool import Pool, PoolClosed
from connector.runtime.http.transport import load_transport

PLACE = "http://a:80"


def opened(pool, place=PLACE):
    """Acquire a slot and register a connection in it."""
    assert pool.acquire(place, Future) == (None, None)
    line = IdleLine(place)
    pool.register(line)
    return line


class TestThePool:
    """The pool without a network."""

    def test_the_one_used_last_is_used_next(self):
        pool = Pool()
        lines = [opened(pool) for _ in range(3)]
        for line in lines:
            pool.release(line)
        assert [pool.acquire(PLACE, Future)[0] for _ in range(3)] == lines[::-1]

    def test_places_are_apart(self):
        pool = Pool(max_per_origin=1)
        pool.release(opened(pool))
        assert pool.acquire("http://b:80", Future) == (None, None)

    def test_who_waits_is_served_in_turn_and_before_who_comes_later(self):
        pool = Pool(max_per_origin=2)
        lines = [opened(pool), opened(pool)]
        waiting = [pool.acquire(PLACE, Future)[1] for _ in range(3)]
        pool.release(lines[0])
        assert waiting[0].result(0) is lines[0]
        late = pool.acquire(PLACE, Future)[1]
        pool.discard(PLACE, lines[1])
        assert waiting[1].result(0) is None, "who opens another"
        assert not waiting[2].done()
        pool.release(lines[0])
        assert waiting[2].result(0) is lines[0]
        assert not late.done()

    def test_who_gives_up_is_passed_over_and_leaves_nothing_taken(self):
        pool = Pool(max_per_origin=1)
        line = opened(pool)
        waiting = [pool.acquire(PLACE, Future)[1] for _ in range(3)]
        pool.cancel_wait(PLACE, waiting[0])
        pool.release(line)
        assert not waiting[0].done()
        assert waiting[1].result(0) is line
        pool.cancel_wait(PLACE, waiting[1])  # it came at the last moment
        assert waiting[2].result(0) is line
        pool.discard(PLACE, line)
        assert pool.acquire(PLACE, Future) == (None, None)

    def test_who_was_cancelled_is_passed_over(self):
        pool = Pool(max_per_origin=1)
        line = opened(pool)
        waiting = [pool.acquire(PLACE, Future)[1] for _ in range(2)]
        waiting[0].cancel()
        pool.release(line)
        assert waiting[1].result(0) is line

    def test_a_slot_that_came_at_the_last_moment_is_passed_on(self):
        pool = Pool(max_per_origin=1)
        line = opened(pool)
        waiting = pool.acquire(PLACE, Future)[1]
        pool.discard(PLACE, line)
        pool.cancel_wait(PLACE, waiting)
        assert pool.acquire(PLACE, Future) == (None, None)

    def test_the_old_ones_of_every_place_are_closed_and_make_room(self, monkeypatch):
        now = [100.0]
        monkeypatch.setattr(connection_pool.time, "monotonic", lambda: now[0])
        pool = Pool(max_per_origin=2)
        old, young, elsewhere = opened(pool), opened(pool), opened(pool, "http://b:80")
        pool.release(old)
        pool.release(elsewhere)
        now[0] += 4
        pool.release(young)
        now[0] += 2
        pool.close_expired()
        assert (old.ended, young.ended, elsewhere.ended) == ("closed", "", "closed")
        assert pool.acquire(PLACE, Future)[0] is young
        assert pool.acquire(PLACE, Future) == (None, None)

    def test_a_close_ends_all(self):
        pool = Pool(max_per_origin=2)
        used, idle = opened(pool), opened(pool)
        waiting = pool.acquire(PLACE, Future)[1]
        pool.release(idle)
        assert waiting.result(0) is idle
        other = pool.acquire(PLACE, Future)[1]
        pool.close()
        assert (used.ended, idle.ended) == ("closed", "closed")
        for late in (
            lambda: other.result(0),
            lambda: pool.acquire(PLACE, Future),
            lambda: pool.register(IdleLine(PLACE)),
        ):
            with pytest.raises(PoolClosed):
                late()
        pool.cancel_wait(PLACE, other)
        pool.release(used)
        pool.discard(PLACE, idle)

    def test_a_fork_lets_go_without_a_word(self):
        pool = Pool()
        used, idle = opened(pool), opened(pool)
        pool.release(idle)
        with pool._lock:  # held by a thread that the fork did not bring along
            pool.abandon()
        assert (used.ended, idle.ended) == ("abandoned", "abandoned")


@pytest.fixture(params=["httpx", "httpx2"])
def library(request):
    return request.param


def asked(transport, url, seconds=WIDE, path="/x"):
    """Send one request through a blocking transport."""
    return transport.send(Request("GET", path, base_url=url), Credential(""), time.monotonic() + seconds, None, None)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_when_all_are_in_use_a_call_waits_its_turn_until_its_deadline(library, kind):
    gate = threading.Event()
    with Counting(servers.held(gate, servers.reply(json_={}))) as server:
        transport = load_transport(library, asynchronous=kind == "async")
        transport._pool = Pool(max_per_origin=2)

        async def send(seconds):
            got = asked(transport, server.url, seconds)
            return await got if inspect.isawaitable(got) else got

        async def all_of_them():
            if kind == "async":
                first = [asyncio.ensure_future(send(WIDE)) for _ in range(2)]
                await asyncio.sleep(0)
            else:
                loop = asyncio.get_running_loop()
                first = [loop.run_in_executor(None, asked, transport, server.url) for _ in range(2)]
            while server.count < 2:  # noqa: ASYNC110  the server is a thread
                await asyncio.sleep(0.005)
            late = await send(0.2)
            last = (
                asyncio.ensure_future(send(WIDE))
                if kind == "async"
                else loop.run_in_executor(None, asked, transport, server.url)
            )
            gate.set()
            done = [*await asyncio.gather(*first), await last]
            if kind == "async":
                await transport.aclose()
            return late, done

        late, done = asyncio.run(all_of_them())
        assert (late.kind, late.sent) == ("pool_timeout", "nothing")
        assert [got.status for got in done] == [200] * 3
        assert (server.count, server.connections) == (3, 2)
        if kind == "sync":
            transport.close()


def _evil(first):
    late = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"id":"evil"}'
    return servers.raw(first + late, stay=True)


@pytest.mark.parametrize(
    "first",
    [
        servers.head(200, [("Content-Type", "application/json"), ("Content-Length", "2")]) + b"{}",
        servers.head(200, [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")])
        + b"2\r\n{}\r\n0\r\n\r\n",
        servers.head(200, [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")])
        + b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n"
        + servers.head(200, [("Content-Type", "application/json"), ("Content-Length", "2")])
        + b"{}",
    ],
    ids=["length", "chunks", "trailer", "continue"],
)
def test_what_comes_after_a_reply_is_never_the_next_one(runner, server, library, first):
    one = runner(server.url, http=library)
    server.always(servers.reply(json_={"id": "right"}))
    for _ in range(3):
        server.then(_evil(first))
        assert one.run(*READ).data == {}
        assert one.run(*READ).data == {"id": "right"}
    assert (server.count, server.connections) == (6, 4)


def test_a_reply_in_chunks_and_a_compressed_one_leave_their_connection_usable(runner, server, library):
    chunks = servers.head(200, [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")])
    server.then(servers.raw(chunks + b"2\r\n{}\r\n0\r\n\r\n", stay=True), servers.compressed(b"{}"))
    server.then(servers.reply(500, {}), servers.reply(204))
    one = runner(server.url, http=library)
    for action in (READ, READ, READ, ("updateMeeting", {"meetingId": 1, "topic": "x"}), READ):
        one.run(*action, retry={"retryDelayMS": 50})
    assert (server.count, server.connections) == (6, 1)


def test_a_request_is_one_packet_however_many_parts_it_has(runner, server, library, monkeypatch):
    sent = []
    real = socket.socket.send
    monkeypatch.setattr(
        socket.socket, "send", lambda self, data, *rest: sent.append(bytes(data)) or real(self, data, *rest)
    )
    runner(server.url, http=library).run(*CREATE)
    ours = [data for data in sent if data.startswith(b"POST") or b"Standup" in data]
    assert len(ours) == 1
    assert ours[0].startswith(b"POST /v2/users/me/meetings")
    assert ours[0].endswith(b"}")


def test_a_dead_address_does_not_take_the_time_of_the_others(runner, server, library, monkeypatch):
    """Make the first address of a host silent, as behind a broken route."""
    with socket.create_server(("127.0.0.2", server.port), backlog=0) as deaf:
        full = [socket.socket() for _ in range(4)]  # fills its queue: whoever connects now hears nothing
        for one in full:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        try:
            found = [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, server.port)) for host in ("127.0.0.2", "127.0.0.1")
            ]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
            server.always(servers.reply(json_={"id": "u1"}))
            url = server.url.replace("127.0.0.1", "localhost")
            assert runner(url, http=library).run(*READ, timeout=WIDE).data == {"id": "u1"}
        finally:
            for one in full:
                one.close()
