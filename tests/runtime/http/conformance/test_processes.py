"""Threads, tasks, event loops, forks, closes and cancellations: nothing is mixed up, nothing hangs, nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
import time
from pathlib import Path

import pytest
from support import servers
from support.servers import Counting
from support.transports import (
    HAS_SECOND_ENGINE_ONLY,
    LETS_THE_UNANSWERED_GO_ON,
    NOBODY,
    WIDE,
    Seam,
    asked,
    descriptors,
    until,
)

from connector import errors
from connector.core.response.parser import Failure

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
LEAVES_CONNECTIONS = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # to a loop that ends before them
CHILDREN = 8


@pytest.fixture
def echo():
    """A server that says which path it was asked for."""
    with Counting(lambda request: servers.reply(json_={"path": request.path})) as one:
        yield one


def path_of(got) -> str:
    """The path that a reply names."""
    return got.body.decode().split('"')[3]


def all_right(seam: Seam, server: Counting, who: str, turns: int) -> bool:
    """Whether every reply is the one that was asked for."""
    paths = [f"/v2/{who}-{turn}" for turn in range(turns)]
    return [path_of(seam.send(asked(server.url, path=path[3:]))) for path in paths] == paths


def forked(work) -> int:
    """Run work in a child of a fork; return its process id. It ends with 0 when the work returns True."""
    pid = os.fork()
    if pid:
        return pid
    good = False
    try:
        good = work()
    finally:
        os._exit(0 if good else 1)


def test_fifty_at_once_get_each_their_own_reply(seam, echo):
    paths = [f"/v2/{number}" for number in range(50)]
    for _ in range(4):
        got = seam.at_once([asked(echo.url, path=path[3:]) for path in paths])
        assert [path_of(one) for one in got] == paths
    assert echo.count == 200
    assert echo.connections <= 50


@pytest.mark.parametrize("turns", [10, pytest.param(1000, marks=pytest.mark.long)])
def test_children_of_a_fork_use_connections_of_their_own(library, kind, echo, turns):
    """A child that used its parent's socket would take the parent's reply, and the reverse."""
    seam = Seam(library, kind)
    assert all_right(seam, echo, "before", 2)
    before = echo.connections

    def work(child: int) -> bool:
        own = Seam(library, kind) if kind == "async" else seam  # an event loop does not survive a fork
        own.http = seam.http
        return all_right(own, echo, f"child{child}", turns)

    children = [forked(lambda child=child: work(child)) for child in range(CHILDREN)]
    assert all_right(seam, echo, "parent", turns)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * CHILDREN
    assert echo.count == 2 + (CHILDREN + 1) * turns
    assert echo.connections >= before + CHILDREN
    assert all_right(seam, echo, "after", 2)
    seam.end()


def test_a_fork_of_a_fork_works_or_says_that_it_does_not(library, kind, echo):
    seam = Seam(library, kind)
    assert all_right(seam, echo, "before", 1)

    def fresh() -> Seam:
        own = Seam(library, kind)
        own.http = seam.http
        return own

    def grandchild() -> bool:
        if library not in HAS_SECOND_ENGINE_ONLY:
            return all_right(fresh(), echo, "grandchild", 2)
        with pytest.raises(errors.UsageError, match="fork"):
            fresh().send(asked(echo.url))
        return True

    def child() -> bool:
        return all_right(fresh(), echo, "child", 2) and os.waitpid(forked(grandchild), 0)[1] == 0

    assert os.waitpid(forked(child), 0)[1] == 0
    seam.end()


def test_a_child_that_ends_in_the_ordinary_way_leaves_its_parents_connections_alone(library, echo):
    """What Python ends at its own end must not speak to the parent's sockets."""
    seam = Seam(library, "sync")
    assert all_right(seam, echo, "before", 1)
    count = echo.connections
    assert os.waitpid(forked(lambda: seam.http.close() is None), 0)[1] == 0
    assert all_right(seam, echo, "after", 2)
    assert echo.connections == count
    seam.end()


@LEAVES_CONNECTIONS
def test_one_client_in_two_event_loops_works_or_says_that_it_does_not(library, echo):
    seam = Seam(library, "async")
    assert all_right(seam, echo, "first", 2)
    other = Seam(library, "async")
    own, other.http = other.http, seam.http
    with contextlib.suppress(errors.UsageError):
        assert all_right(other, echo, "second", 2)
    assert all_right(seam, echo, "first-again", 2)
    other.http = own
    other.end()
    seam.end()
    gc.collect()


@LEAVES_CONNECTIONS
def test_a_new_loop_after_the_old_one_ended_is_fine(library, echo):
    first = Seam(library, "async")
    assert all_right(first, echo, "first", 2)
    first.loop.close()
    second = Seam(library, "async")
    second.http = first.http
    assert all_right(second, echo, "second", 2)
    second.end()
    gc.collect()


@pytest.mark.parametrize(
    "fault",
    [servers.silence(), servers.trickle(servers.head(200, [("Content-Length", "9")]) + b"abc", b"d", every=60)],
    ids=["before-the-reply", "amid-its-body"],
)
def test_a_close_ends_a_call_that_waits(seam, server, fault):
    server.always(fault)
    got, elapsed = seam.close_when(lambda: server.count == 1, asked(server.url, "POST"), seconds=600)
    assert (got.sent, server.count) == ("maybe", 1)
    assert elapsed < WIDE


def amid(line: servers.Line, _: servers.Recorded) -> bool:
    """Begin a body, and wait until the client is gone."""
    line.write(servers.head(200, [("Content-Length", "9")]) + b"abc")
    line.take(1)
    return False


@pytest.mark.parametrize("fault", [amid, servers.silence()], ids=["amid-the-body", "before-the-reply"])
@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.long)])
def test_cancelled_nothing_is_left_behind(library, rounds, fault):
    """Fifty at a time; each connection ends, and the next call works."""
    seam = Seam(library, "async")
    lingers = fault is not amid and library in LETS_THE_UNANSWERED_GO_ON
    seconds = 0.5 if lingers else 60
    complaints, begun = [], []

    class Begun:
        """Notes that a body has begun to come."""

        stall_timeout = 60.0

        def accepts(self, *_: object) -> bool:
            return True

        def write(self, chunk: bytes) -> None:
            begun.append(chunk)

    with Counting(servers.reply(json_={})) as server:

        async def once() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
            begun.clear()
            seen, end, http = server.count, time.monotonic() + seconds, seam.http
            tasks = [asyncio.ensure_future(http.send(asked(server.url), NOBODY, end, Begun(), None)) for _ in range(50)]
            while server.count < seen + 50 or (fault is amid and len(begun) < 50):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            if lingers:  # on a slow machine the time of some is over before they are cancelled
                ended = [one for one in ended if type(one) is not Failure or one.kind != "read_timeout"]
            assert {type(one) for one in ended} <= {asyncio.CancelledError}
            while server.live:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

        server.then(servers.reply(json_={}, headers=[("Connection", "close")]))
        assert seam.send(asked(server.url)).status == 200
        server.always(fault)
        counts = []
        for _ in range(rounds):
            seam.loop.run(once())
            until(lambda: not counts or descriptors() <= counts[0])
            counts.append(descriptors())
        server.always(servers.reply(json_={}))
        assert seam.send(asked(server.url)).status == 200
    seam.end()
    assert complaints == []


class TestOneEngineForAll:
    """What costs time to make is shared by all clients of a process, and no more than that."""

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("pyreqwest", reason="the HTTP library pyreqwest is not installed")

    def test_a_hundred_clients_share_the_librarys_and_a_close_ends_ones_own_calls_alone(self, server):
        many = [Seam("pyreqwest", "sync") for _ in range(100)]
        for one in many:
            assert one.send(asked(server.url)).status == 200
        assert server.connections == 1
        gate = threading.Event()
        server.always(servers.held(gate, servers.reply(json_={})))
        got = []
        waiting = threading.Thread(target=lambda: got.append(many[0].send(asked(server.url))))
        waiting.start()
        until(lambda: server.count == 101)
        for one in many[1:]:
            one.end()
        gate.set()
        waiting.join()
        assert got[0].status == 200
        many[0].end()

    def test_other_certificates_and_other_places_have_their_own(self, monkeypatch, tmp_path):
        from connector.runtime.http.pyreqwest.clients import get_shared_client

        def chosen(base: str = "https://a.example/v2", stall_timeout: float | None = None):
            return get_shared_client(base, stall_timeout, asynchronous=False).library_client

        first = chosen()
        assert chosen() is chosen("https://a.example:443/other") is first
        assert chosen("https://b.example") is not first
        assert chosen(stall_timeout=30.0) is not first
        (tmp_path / "own.pem").write_bytes((Path(__file__).parents[3] / "support/loopback.pem").read_bytes())
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
        assert chosen() is not first
