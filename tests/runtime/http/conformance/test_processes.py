"""Threads, tasks, event loops, forks, closes and cancelling: no mix-up, no hang, no leak."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
import time

import pytest
from support import servers
from support.certificates import Issuer
from support.pace import WIDE, wait_until
from support.servers import Counting
from support.transports import (
    HAS_SECOND_ENGINE_ONLY,
    LETS_THE_UNANSWERED_GO_ON,
    NO_CREDENTIAL,
    LibraryTransport,
    build_request,
    count_descriptors,
)

from connector import errors
from connector.core.response.reply import Failure

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
LEAVES_CONNECTIONS = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # to a loop that ends before them
CHILDREN = 8


@pytest.fixture
def echo():
    """Run a server that returns the requested path."""
    with Counting(lambda request: servers.reply(json_={"path": request.path})) as one:
        yield one


def path_of(got) -> str:
    """Return the path in a reply."""
    return got.body.decode().split('"')[3]


def all_right(transport: LibraryTransport, server: Counting, who: str, turns: int) -> bool:
    """Return whether every reply belongs to its request."""
    paths = [f"/v2/{who}-{turn}" for turn in range(turns)]
    return [path_of(transport.send(build_request(server.url, path=path[3:]))) for path in paths] == paths


def forked(work) -> int:
    """Run work in a forked child and return its pid; its exit code is 0 when the work returns True."""
    pid = os.fork()
    if pid:
        return pid
    good = False
    try:
        good = work()
    finally:
        os._exit(0 if good else 1)


def test_fifty_at_once_get_each_their_own_reply(transport, echo):
    paths = [f"/v2/{number}" for number in range(50)]
    for _ in range(4):
        got = transport.send_all([build_request(echo.url, path=path[3:]) for path in paths])
        assert [path_of(one) for one in got] == paths
    assert echo.count == 200
    assert echo.connections <= 50


@pytest.mark.parametrize("turns", [10, pytest.param(1000, marks=pytest.mark.long)])
def test_children_of_a_fork_use_connections_of_their_own(library, kind, echo, turns):
    """A child that used its parent's socket would take the parent's reply, and the reverse."""
    transport = LibraryTransport(library, kind)
    assert all_right(transport, echo, "before", 2)
    before = echo.connections

    def work(child: int) -> bool:
        own = LibraryTransport(library, kind) if kind == "async" else transport  # an event loop does not survive a fork
        own.http = transport.http
        return all_right(own, echo, f"child{child}", turns)

    children = [forked(lambda child=child: work(child)) for child in range(CHILDREN)]
    assert all_right(transport, echo, "parent", turns)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * CHILDREN
    assert echo.count == 2 + (CHILDREN + 1) * turns
    assert echo.connections >= before + CHILDREN
    assert all_right(transport, echo, "after", 2)
    transport.end()


def test_a_fork_of_a_fork_works_or_says_that_it_does_not(library, kind, echo):
    transport = LibraryTransport(library, kind)
    assert all_right(transport, echo, "before", 1)

    def fresh() -> LibraryTransport:
        own = LibraryTransport(library, kind)
        own.http = transport.http
        return own

    def grandchild() -> bool:
        if library not in HAS_SECOND_ENGINE_ONLY:
            return all_right(fresh(), echo, "grandchild", 2)
        with pytest.raises(errors.UsageError, match="fork"):
            fresh().send(build_request(echo.url))
        return True

    def child() -> bool:
        return all_right(fresh(), echo, "child", 2) and os.waitpid(forked(grandchild), 0)[1] == 0

    assert os.waitpid(forked(child), 0)[1] == 0
    transport.end()


def test_a_child_that_ends_in_the_ordinary_way_leaves_its_parents_connections_alone(library, echo):
    """A child that exits must not use its parent's sockets."""
    transport = LibraryTransport(library, "sync")
    assert all_right(transport, echo, "before", 1)
    count = echo.connections
    assert os.waitpid(forked(lambda: transport.http.close() is None), 0)[1] == 0
    assert all_right(transport, echo, "after", 2)
    assert echo.connections == count
    transport.end()


@LEAVES_CONNECTIONS
def test_one_client_in_two_event_loops_works_or_says_that_it_does_not(library, echo):
    transport = LibraryTransport(library, "async")
    assert all_right(transport, echo, "first", 2)
    other = LibraryTransport(library, "async")
    own, other.http = other.http, transport.http
    with contextlib.suppress(errors.UsageError):
        assert all_right(other, echo, "second", 2)
    assert all_right(transport, echo, "first-again", 2)
    other.http = own
    other.end()
    transport.end()
    gc.collect()


@LEAVES_CONNECTIONS
def test_a_new_loop_after_the_old_one_ended_is_fine(library, echo):
    first = LibraryTransport(library, "async")
    assert all_right(first, echo, "first", 2)
    first.loop.close()
    second = LibraryTransport(library, "async")
    second.http = first.http
    assert all_right(second, echo, "second", 2)
    second.end()
    gc.collect()


@pytest.mark.parametrize(
    "fault",
    [servers.silence(), servers.trickle(servers.head(200, [("Content-Length", "9")]) + b"abc", b"d", every=60)],
    ids=["before-the-reply", "amid-its-body"],
)
def test_a_close_ends_a_call_that_waits(transport, server, fault):
    server.always(fault)
    got, elapsed = transport.close_when(lambda: server.count == 1, build_request(server.url, "POST"), seconds=600)
    assert (got.sent, server.count) == ("maybe", 1)
    assert elapsed < WIDE


def amid(line: servers.Line, _: servers.Recorded) -> bool:
    """Start a body, and wait until the client has gone."""
    line.write(servers.head(200, [("Content-Length", "9")]) + b"abc")
    line.take(1)
    return False


@pytest.mark.parametrize("fault", [amid, servers.silence()], ids=["amid-the-body", "before-the-reply"])
@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.long)])
def test_cancelled_nothing_is_left_behind(library, rounds, fault):
    """Fifty calls at a time: each connection ends, and the next call works."""
    transport = LibraryTransport(library, "async")
    lingers = fault is not amid and library in LETS_THE_UNANSWERED_GO_ON
    seconds = 0.5 if lingers else 60
    complaints, begun = [], []

    class Begun:
        """Records that a body has started."""

        stall_timeout = 60.0

        def accepts(self, *_: object) -> bool:
            return True

        def write(self, chunk: bytes) -> None:
            begun.append(chunk)

    with Counting(servers.reply(json_={})) as server:

        async def once() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
            begun.clear()
            seen, end, http = server.count, time.monotonic() + seconds, transport.http
            tasks = [
                asyncio.ensure_future(http.send(build_request(server.url), NO_CREDENTIAL, end, Begun(), None))
                for _ in range(50)
            ]
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
        assert transport.send(build_request(server.url)).status == 200
        server.always(fault)
        counts = []
        for _ in range(rounds):
            transport.loop.run(once())
            wait_until(lambda: not counts or count_descriptors() <= counts[0])
            counts.append(count_descriptors())
        server.always(servers.reply(json_={}))
        assert transport.send(build_request(server.url)).status == 200
    transport.end()
    assert complaints == []


class TestOneEngineForAll:
    """What is slow to create is shared by all clients of a process, and nothing else."""

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("pyreqwest", reason="the HTTP library pyreqwest is not installed")

    def test_a_hundred_clients_share_the_librarys_and_a_close_ends_ones_own_calls_alone(self, server):
        many = [LibraryTransport("pyreqwest", "sync") for _ in range(100)]
        for one in many:
            assert one.send(build_request(server.url)).status == 200
        assert server.connections == 1
        gate = threading.Event()
        server.always(servers.held(gate, servers.reply(json_={})))
        got = []
        waiting = threading.Thread(target=lambda: got.append(many[0].send(build_request(server.url))))
        waiting.start()
        wait_until(lambda: server.count == 101)
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
        monkeypatch.setenv("SSL_CERT_FILE", str(Issuer(tmp_path).pem))
        assert chosen() is not first
