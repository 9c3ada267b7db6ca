"""At most so many requests of a rate are on their way at once, from whatever threads and tasks of a process."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from support.pace import WIDE
from support.servers import Counting, reply

from connector import AsyncClient, Client, Connection, errors

OK = reply(json_={})
SWITCH = "action: switchLamp\nlabel: L\nsummary: S.\nrate: calls\nrequest: GET /switch\nreturns: {example: {}}\n"
LIMIT = "rates: {plans: {basic: {calls: 2 at once}, large: {calls: 3 at once}}}\n"


class Crossing:
    """A service that answers requests two by two, and counts how many are there at once."""

    def __init__(self, together: int = 2) -> None:
        self.gate, self.lock = threading.Barrier(together), threading.Lock()
        self.inside = self.most = 0

    def __call__(self, _request: object) -> object:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.gate.wait(WIDE)
        with self.lock:
            self.inside -= 1
        return OK


@pytest.fixture
def lamp(folder):
    return folder(LIMIT, {"switch-lamp": SWITCH})


@pytest.fixture
def connection(lamp):
    return Connection(lamp, "key", name="one", apiKey="k-1")


@contextmanager
def held_up():
    """A service that keeps a request until it is let go."""
    came, go = threading.Event(), threading.Event()

    def wait(_request: object) -> object:
        came.set()
        assert go.wait(WIDE)
        return OK

    with Counting(wait) as server:
        yield server, came, go
        go.set()


@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_two_at_once_and_never_three(lamp, connection, kind):
    crossing = Crossing()
    with Counting(crossing) as server:
        if kind == "threads":
            with (
                Client(lamp, connection, base_url=server.url, rate_limit="basic") as client,
                ThreadPoolExecutor(6) as pool,
            ):
                results = list(pool.map(lambda _: client.run("switchLamp").status, range(6)))
        else:

            async def run_all():
                async with AsyncClient(lamp, connection, base_url=server.url, rate_limit="basic") as client:
                    return await asyncio.gather(*(client.run("switchLamp") for _ in range(6)))

            results = [result.status for result in asyncio.run(run_all())]
    assert results == [200] * 6
    assert crossing.most == 2  # the gate opens for two alone, so fewer would have waited for ever


def test_without_a_plan_the_most_generous_one_counts(lamp, connection):
    crossing = Crossing(3)
    with (
        Counting(crossing) as server,
        Client(lamp, connection, base_url=server.url, rate_limit={"store": "memory:"}) as client,
        ThreadPoolExecutor(6) as pool,
    ):
        list(pool.map(lambda _: client.run("switchLamp"), range(6)))
    assert crossing.most == 3


@pytest.fixture
def narrow(folder):
    return folder(LIMIT.replace("2 at once", "1 at once"), {"switch-lamp": SWITCH})


def test_a_call_whose_turn_does_not_come_in_time_was_not_sent(narrow):
    connection = Connection(narrow, "key", name="one", apiKey="k-1")
    with (
        held_up() as (server, came, go),
        Client(narrow, connection, base_url=server.url, rate_limit="basic") as client,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(client.run, "switchLamp")
        assert came.wait(WIDE)
        with pytest.raises(errors.RateLimited, match="one request of calls at once") as caught:
            client.run("switchLamp", timeout=0.05)
        assert (caught.value.outcome, server.requests and len(server.requests)) == ("not_sent", 1)
        go.set()
        assert first.result(WIDE).status == 200
        assert client.run("switchLamp").status == 200


def test_a_task_that_is_cancelled_leaves_its_turn_to_the_next(narrow):
    connection = Connection(narrow, "key", name="two", apiKey="k-1")

    async def run(server, came, go):
        async with AsyncClient(narrow, connection, base_url=server.url, rate_limit="basic") as client:
            first, second, third = (asyncio.ensure_future(client.run("switchLamp")) for _ in range(3))
            assert await asyncio.to_thread(came.wait, WIDE)
            second.cancel()
            await asyncio.wait([second])
            go.set()
            return second.cancelled(), [(await task).status for task in (first, third)]

    with held_up() as held:
        assert asyncio.run(run(*held)) == (True, [200, 200])


def test_a_client_that_is_closed_lets_nobody_wait(narrow):
    connection = Connection(narrow, "key", name="three", apiKey="k-1")
    with (
        held_up() as (server, came, go),
        Client(narrow, connection, base_url=server.url, rate_limit="basic") as client,
        ThreadPoolExecutor(2) as pool,
    ):
        first = pool.submit(client.run, "switchLamp")
        assert came.wait(WIDE)
        with Client(narrow, connection, base_url=server.url, rate_limit="basic") as other:
            second = pool.submit(other.run, "switchLamp")
        with pytest.raises(errors.UsageError, match="closed"):
            second.result(WIDE)
        go.set()
        assert first.result(WIDE).status == 200


def test_a_refused_request_ends_its_turn_before_it_is_tried_again(narrow):
    connection = Connection(narrow, "key", name="four", apiKey="k-1")
    server = Counting()
    server.then(reply(503, {}, headers=(("Retry-After", "0"),)), OK)
    with server, Client(narrow, connection, base_url=server.url, rate_limit="basic") as client:
        assert client.run("switchLamp", timeout=WIDE).status == 200


def test_a_forked_child_has_none_of_the_turns_of_its_parent(narrow):
    from connector.runtime.rate_budget.turns import TurnQueues

    queues = TurnQueues()
    queues.enter("account", "calls", 1)
    _, waiting = queues.enter("account", "calls", 1)
    assert not waiting.done()
    queues.renew_after_fork()
    assert queues.enter("account", "calls", 1)[1].done()
