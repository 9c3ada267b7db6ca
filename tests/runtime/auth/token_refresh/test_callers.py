"""All callers in a process share one refresh: threads, tasks of any loop, and both at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from support.calling import attempt, together
from support.pace import wait_until
from support.servers import held, reply

from connector import Client
from connector.runtime.storage.file_store import FileStore

LATER = 1_900_000_000.0
EXPIRED = {"code": 124, "message": "Access token is expired."}


@pytest.fixture
def crowd(zoom, authority, clock):
    """Call concurrently with one connection, from threads and tasks; return each outcome."""
    with ExitStack() as stack:

        def make(connection, threads=0, tasks=0, loops=1):
            client = stack.enter_context(Client(zoom, connection, base_url=authority.url, clock=clock))
            pool = stack.enter_context(ThreadPoolExecutor(threads + loops))
            gate = threading.Barrier(threads + (loops if tasks else 0))

            def call():
                gate.wait(20)
                return attempt(client, timeout=600)

            def loop():
                gate.wait(20)
                return asyncio.run(together(connection, authority.url, clock, tasks))

            def once():
                begun = [pool.submit(call) for _ in range(threads)]
                loops_ = [pool.submit(loop) for _ in range(loops if tasks else 0)]
                return [one.result(60) for one in begun] + [got for one in loops_ for got in one.result(60)]

            return once

        yield make


def storm(authority, clock, once, many, rounds):
    """Call round by round; in turn the token has ended by the clock, or the service refuses it."""
    for round_ in range(1, rounds + 1):
        clock.passed += 4000 if round_ % 2 else 100
        if not round_ % 2:
            authority.expire()
        assert once() == [200] * many
        assert authority.asked == round_, "one refresh a round"
    assert authority.refused == {}
    assert authority.alive()


@pytest.mark.parametrize("kind", ["oauth2", "serverToServer"])
class TestOneRefresh:
    @pytest.mark.parametrize(("threads", "rounds"), [(2, 30), (100, 4)])
    def test_for_threads(self, zoom, authority, clock, crowd, kind, threads, rounds):
        storm(authority, clock, crowd(authority.connection(zoom, kind), threads=threads), threads, rounds)

    @pytest.mark.parametrize(("tasks", "rounds"), [(2, 20), (100, 2)])
    def test_for_tasks(self, zoom, authority, clock, crowd, kind, tasks, rounds):
        storm(authority, clock, crowd(authority.connection(zoom, kind), tasks=tasks), tasks, rounds)

    @pytest.mark.parametrize(("threads", "tasks", "loops", "rounds"), [(1, 1, 1, 20), (10, 10, 4, 6)])
    def test_for_threads_and_tasks_of_many_loops(
        self, zoom, authority, clock, crowd, kind, threads, tasks, loops, rounds
    ):
        once = crowd(authority.connection(zoom, kind), threads=threads, tasks=tasks, loops=loops)
        storm(authority, clock, once, threads + tasks * loops, rounds)


@pytest.mark.long
@pytest.mark.parametrize(
    ("threads", "tasks", "loops", "rounds"), [(2, 0, 1, 200), (100, 0, 1, 40), (0, 100, 1, 40), (20, 20, 4, 40)]
)
def test_one_refresh_for_many_rounds(zoom, authority, clock, crowd, threads, tasks, loops, rounds):
    many = threads + tasks * (loops if tasks else 0)
    storm(authority, clock, crowd(authority.connection(zoom), threads, tasks, loops), many, rounds)


def test_clients_of_one_kept_connection_refresh_once(zoom, authority, clock, tmp_path):
    store = FileStore(tmp_path / "store")
    connections = [authority.connection(zoom, name="work", store=store) for _ in range(10)]
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(zoom, one, base_url=authority.url, clock=clock)) for one in connections]
        pool = stack.enter_context(ThreadPoolExecutor(10))
        for round_ in range(1, 6):
            clock.passed = round_ * 4000
            assert list(pool.map(attempt, clients)) == [200] * 10
            assert authority.asked == round_
    assert authority.refused == {}


def test_a_hundred_refusals_of_one_token_cost_one_refresh_however_late_they_come(zoom, authority, clock, crowd):
    connection = authority.connection(zoom, ends=LATER)
    stale = f"Bearer {connection.token_source.read_token_set().access_token}"
    authority.expire()
    seen, most, last = [], threading.Event(), threading.Event()

    def refuse(request):
        if request.header("authorization") != stale:
            return None
        seen.append(request)
        return held(last if len(seen) > 90 else most, reply(401, EXPIRED))

    authority.answers = refuse
    with ThreadPoolExecutor(1) as pool:
        got = pool.submit(crowd(connection, threads=60, tasks=40))
        wait_until(lambda: len(seen) == 100)
        most.set()
        wait_until(lambda: authority.api[200] == 90)
        assert authority.asked == 1
        clock.passed += 61  # the new token is no longer too young to be renewed
        last.set()
        assert got.result(60) == [200] * 100
    assert authority.asked == 1
    assert authority.refused == {}


def test_no_thread_is_left_and_none_is_made_while_the_token_is_good(zoom, authority, clock):
    with Client(zoom, authority.connection(zoom), base_url=authority.url, clock=clock) as client:
        for _ in range(3):
            assert attempt(client) == 200
    wait_until(lambda: not [one for one in threading.enumerate() if one.name == "connector-token"])
    assert authority.asked == 1
