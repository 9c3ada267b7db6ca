"""Idle connections are few and end by time, whichever client they are of, and whether or not it is used again."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import Future

import pytest
from support import servers
from support.pace import WIDE, wait_until
from support.transports import IdleLine

from connector.runtime.http import connection_pool, idle_connections
from connector.runtime.http.connection_pool import Pool
from connector.runtime.http.idle_connections import IdleConnections, get_idle_connections

PLACE = "http://a:80"
CLIENTS, DESCRIPTORS = 1_500, 1_024


@pytest.fixture
def fast(monkeypatch):
    """Let connections expire at once."""
    monkeypatch.setattr(idle_connections, "SWEEP_INTERVAL", 0.005)
    monkeypatch.setattr(connection_pool, "MAX_IDLE_SECONDS", 0.0)


def idle_line(pool, place=PLACE):
    """Return a connection that was used once."""
    assert pool.acquire(place, Future) == (None, None)
    line = IdleLine(place)
    pool.register(line)
    pool.release(line)
    return line


def test_the_oldest_of_all_pools_makes_room(monkeypatch):
    monkeypatch.setattr(idle_connections, "MAX_IDLE_CONNECTIONS", 2)
    shared = IdleConnections()
    pools = [Pool(idle_connections=shared) for _ in range(3)]
    lines = [idle_line(pool) for pool in pools]
    assert [line.ended for line in lines] == ["closed", "", ""]
    assert pools[1].acquire(PLACE, Future)[0] is lines[1]
    pools[1].release(lines[1])
    idle_line(pools[0])
    assert [line.ended for line in lines] == ["closed", "", "closed"], "the one used last stays"
    assert pools[2].acquire(PLACE, Future) == (None, None), "and what was closed takes no slot"


def test_one_pool_alone_gives_up_its_oldest(monkeypatch):
    monkeypatch.setattr(idle_connections, "MAX_IDLE_CONNECTIONS", 2)
    pool = Pool(idle_connections=IdleConnections())
    lines = [idle_line(pool, f"http://h{number}:80") for number in range(4)]
    assert [line.ended for line in lines] == ["closed", "closed", "", ""]


def test_a_pool_that_is_dropped_is_not_kept_and_does_not_count(monkeypatch):
    monkeypatch.setattr(idle_connections, "MAX_IDLE_CONNECTIONS", 1)
    shared = IdleConnections()
    dropped, kept = Pool(idle_connections=shared), Pool(idle_connections=shared)
    idle_line(dropped)
    del dropped
    gc.collect()
    assert idle_line(kept).ended == ""


@pytest.fixture
def sweepers():
    """Return a function that lists the threads of this test that sweep; those of earlier tests end in their time."""
    earlier = set(threading.enumerate())
    return lambda: [
        thread for thread in threading.enumerate() if thread.name == "connector-idle" and thread not in earlier
    ]


@pytest.mark.usefixtures("fast")
def test_a_pool_that_is_never_used_again_is_closed_by_time_and_no_thread_stays(sweepers):
    pool = Pool(idle_connections=IdleConnections())
    for _ in range(2):  # it begins again
        line = idle_line(pool)
        wait_until(lambda line=line: line.ended == "closed")
        wait_until(lambda: not sweepers())


@pytest.mark.usefixtures("fast")
def test_a_connection_that_cannot_be_closed_does_not_keep_the_others():
    class Stubborn(IdleLine):
        def close(self):
            self.ended = "failed"
            raise OSError

    shared = IdleConnections()
    pools = [Pool(idle_connections=shared) for _ in range(2)]
    stubborn = Stubborn(PLACE)
    pools[0].acquire(PLACE, Future)
    pools[0].register(stubborn)
    pools[0].release(stubborn)
    line = idle_line(pools[1])
    wait_until(lambda: (stubborn.ended, line.ended) == ("failed", "closed"))


@pytest.mark.usefixtures("fast")
def test_without_a_thread_to_spare_the_next_connection_tries_again(monkeypatch):
    def refuse(*_):
        raise RuntimeError

    shared = IdleConnections()
    pool = Pool(idle_connections=shared)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        line = idle_line(pool)
    idle_line(pool, "http://b:80")
    wait_until(lambda: line.ended == "closed")


@pytest.mark.usefixtures("fast")
def test_an_event_loop_closes_its_own_without_a_thread(sweepers):
    async def work():
        shared = get_idle_connections(asyncio.get_running_loop())
        assert get_idle_connections(asyncio.get_running_loop()) is shared
        pool, closer = Pool(idle_connections=shared), asyncio.get_running_loop().create_future()
        line = IdleLine(PLACE)
        line.close = lambda: closer.set_result(threading.current_thread())
        pool.acquire(PLACE, Future)
        pool.register(line)
        pool.release(line)
        assert not sweepers()
        return await asyncio.wait_for(closer, WIDE)

    assert asyncio.run(work()) is threading.current_thread()


def test_a_child_of_a_fork_drops_what_its_parent_keeps():
    pool = Pool()
    line = idle_line(pool)
    pid = os.fork()
    if not pid:
        os._exit(0 if line.ended == "abandoned" and pool.acquire(PLACE, Future)[0] is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert line.ended == ""


MANY_CLIENTS = """
import asyncio, os, resource, stat, sys, time
from connector import AsyncClient, Client, Connection, Connector, errors

kind, library, url, clients, descriptors = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
zoom = Connector.open()
connection = Connection(zoom, "accessToken", accessToken="a-token")
made, failed = [], 0

def is_socket(descriptor):
    try:
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:  # another thread closed it since it was listed
        return False

def sockets():
    return sum(is_socket(int(name)) for name in os.listdir("/proc/self/fd"))

def make(client_class):
    made.append(client_class(zoom, connection, base_url=url, http=library, rate_limit=False))
    return made[-1]

async def use_tasks():
    global failed
    at_rest = sockets()
    for _ in range(clients):
        try:
            await make(AsyncClient).run("getUser", {"userId": "me"})
        except errors.ConnectorError:
            failed += 1
    end = time.monotonic() + 20
    while sockets() > at_rest and time.monotonic() < end:
        await asyncio.sleep(0.1)
    return sockets() - at_rest

def use_threads():
    global failed
    for _ in range(clients):
        try:
            make(Client).run("getUser", {"userId": "me"})
        except errors.ConnectorError:
            failed += 1
    end = time.monotonic() + 20
    while sockets() and time.monotonic() < end:
        time.sleep(0.1)
    return sockets()

left = asyncio.run(use_tasks()) if kind == "async" else use_threads()
print(f"{failed} failed, {left} left")
"""


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_more_clients_than_descriptors_of_one_call_each_all_succeed_and_leave_nothing(kind, library):
    with servers.Counting(servers.reply(json_={"id": "u1"})) as server:
        command = [sys.executable, "-c", MANY_CLIENTS, kind, library, server.url, str(CLIENTS), str(DESCRIPTORS)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.stdout.strip(), done.stderr) == ("0 failed, 0 left", "")
