"""The rate budget in a database: one for all processes; a failing database fails no call."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time

import pytest
from support import private_postgres
from support.calling import ME, attempt, awaited
from support.pace import WIDE, wait_for
from support.processes import budget_spenders
from support.processes.budget_spenders import make_client
from support.processes.forked import Sibling
from support.rate_limited_server import RateLimitedServer
from support.servers import GivenClock

from connector import AsyncClient, Connection, errors
from connector.core import rate_feedback, rate_limit
from connector.core.exchange.asks import AcquireSlot
from connector.core.rate_limit import DAY_SECONDS, SAFETY_FACTOR
from connector.errors import RateLimited, StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.rate_budget import sql_ledger, sql_table
from connector.runtime.rate_budget.budget import LedgerBudget
from connector.runtime.rate_budget.sql_ledger import SqlLedger

LIGHT = ("light",)


@pytest.fixture(params=["sqlite", "postgres"])
def at(request, tmp_path):
    """A new database of each kind."""
    return f"sqlite:///{tmp_path / 'budget.db'}" if request.param == "sqlite" else private_postgres.fresh()


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path / 'budget.db'}"


@pytest.fixture
def make_budget(zoom):
    """Make a budget with its own ledger, as another process has; its thread ends with the test."""
    made = []

    def make(at, plan="pro", clock=None):
        made.append(SqlLedger(at, clock or SystemClock()))
        return LedgerBudget(rate_limit.build_rate_table(zoom.manifest.rates, plan), made[-1])

    yield make
    for one in made:
        one.close()


def acquire(budget, what=LIGHT, *, account="a", now=None, timeout=60.0, since=None):
    now = time.time() if now is None else now
    return budget.acquire(account, AcquireSlot(what, now + timeout, since), now)


def run_spenders(at, seconds, processes=8, threads=1):
    """Run processes that share a budget; return the service and the outcomes of each process."""
    with RateLimitedServer(30) as server:
        siblings = [Sibling(budget_spenders.spend, server.url, at, seconds, threads) for _ in range(processes)]
        for one in siblings:
            assert one.hear() == "ready"
        began = time.time()
        for one in siblings:
            one.say(began)
        return server, [one.end() for one in siblings]


@pytest.mark.parametrize(("processes", "threads"), [(8, 1), (2, 6)])
def test_processes_share_one_limit_and_meet_no_429(at, processes, threads):
    server, got = run_spenders(at, 2.0, processes, threads)
    assert {said for one in got for said in one} == {"200"}
    assert server.refused == 0
    assert all(one["200"] for one in got)  # nobody starves


@pytest.mark.long
def test_eight_processes_use_nearly_all_of_the_limit_for_twenty_seconds(at):
    server, got = run_spenders(at, 20.0)
    assert {said for one in got for said in one} == {"200"}
    assert server.refused == 0
    assert 0.97 <= server.rate / 30 <= 1.0


def test_slots_follow_each_other_whoever_takes_them(at):
    budgets = [Sibling(budget_spenders.take, at, 10) for _ in range(3)]
    gaps = sorted(gap for one in budgets for gap in one.end())
    assert len(gaps) == 30
    assert gaps[-1] <= 29 * SAFETY_FACTOR / 30 + 0.001


def test_a_process_that_is_killed_while_it_takes_a_slot_holds_nobody_up(at, make_budget):
    dead = Sibling(budget_spenders.take_and_die, at)
    dead.process.join(30)
    assert dead.process.exitcode == -9
    assert acquire(make_budget(at)) == 0.0


def test_what_is_taken_outlives_the_process(at, make_budget, monkeypatch):
    what = ("light", "meetings-per-host:ada")
    Sibling(budget_spenders.take, at, 1).end()
    first = make_budget(at)
    assert [isinstance(acquire(first, what), float) for _ in range(100)] == [True] * 100
    error = acquire(make_budget(at), what)
    assert isinstance(error, RateLimited)
    assert error.retry_at.timestamp() % DAY_SECONDS == 0


def test_the_days_count_begins_anew_by_the_given_clock(sqlite, make_budget):
    clock = GivenClock()
    budget = make_budget(sqlite, clock=clock)
    what = ("light", "meetings-per-host:ada")
    for _ in range(100):
        clock.passed += 1
        assert acquire(budget, what, now=clock.time()) == 0.0
    error = acquire(budget, what, now=clock.time(), timeout=2 * DAY_SECONDS)
    clock.passed = error.retry_at.timestamp() - clock.start
    assert acquire(budget, what, now=clock.time()) == 0.0


def test_no_slot_lies_behind_the_deadline(at, make_budget):
    budget = make_budget(at)
    assert [acquire(budget, ("resource-intensive",), timeout=30) for _ in range(10)] == [0.0] * 10
    for _ in range(3):
        error = acquire(budget, ("resource-intensive",), timeout=30)
        assert isinstance(error, RateLimited)
        assert error.outcome == "not_sent"
    assert 30 < acquire(budget, ("resource-intensive",), timeout=90) < 61  # who was refused has taken none


def test_a_closed_tier_is_closed_for_other_processes_and_who_waits_takes_another_slot(at, make_budget):
    one, two = make_budget(at), make_budget(at)
    since = time.time()
    acquire(one)
    wanted = (("light", one._table["light"]),)
    two._ledger.apply_feedback("a", wanted, rate_feedback.RateFeedback(time.time() + 7), time.time())
    assert acquire(two) > 6
    assert acquire(one) > 6  # it learns of it with whatever it asks
    assert acquire(one, since=since) > 6
    assert acquire(one, since=time.time() + 1) == 0.0  # taken after it was closed


def test_accounts_do_not_share_and_values_do_not_stand_in_the_rows(at, make_budget):
    budget = make_budget(at)
    what = ("light", "meetings-per-host:ada@example.com")
    assert acquire(budget, what, account="zoom/one") == 0.0
    assert acquire(budget, what, account="zoom/two") == 0.0
    with budget._ledger.table.database.connect() as connection:
        rows = [str(tuple(row)) for row in connection.execute(sql_table.TABLE.select())]
    assert len(rows) == 4
    assert not any("ada" in row for row in rows)


def test_rows_that_say_nothing_any_more_are_removed(sqlite, make_budget):
    clock = GivenClock()
    budget = make_budget(sqlite, clock=clock)
    for number in range(50):
        acquire(budget, ("light", f"meetings-per-host:{number}"), now=clock.time())
    clock.passed += 2 * DAY_SECONDS
    budget._ledger.close()
    acquire(budget, now=clock.time())
    with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT count(*) FROM connector_budget").fetchone() == (1,)
    connection.close()


def test_a_damaged_row_begins_anew(sqlite, make_budget):
    assert acquire(make_budget(sqlite)) == 0.0
    with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE connector_budget SET line = '[1, 2'")
    connection.close()
    assert acquire(make_budget(sqlite)) == 0.0


def test_many_asks_are_one_transaction(sqlite, make_budget, monkeypatch):
    budget = make_budget(sqlite)
    acquire(budget)
    rows, began, go = budget._ledger.table, threading.Event(), threading.Event()
    do, counted = rows.execute, []

    def slow(works):
        counted.append(len(works))
        began.set()
        go.wait(10)
        return do(works)

    monkeypatch.setattr(rows, "execute", slow)

    async def many():
        asks = [
            asyncio.create_task(budget.acquire_async("a", AcquireSlot(LIGHT, time.time() + 60), time.time()))
            for _ in range(100)
        ]
        await asyncio.to_thread(began.wait, 10)
        await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(*asks)

    gaps = asyncio.run(many())
    assert gaps == sorted(gaps)  # first come, first served
    assert len(counted) <= 3


# The database fails


def test_a_call_goes_on_without_its_database_and_says_so_once(tmp_path, server, caplog):
    (tmp_path / "folder").mkdir()
    with make_client(server.url, {"plan": "pro", "store": f"sqlite:///{tmp_path / 'folder'}"}) as one:
        assert [attempt(one) for _ in range(3)] == [200] * 3
        said = [record.getMessage() for record in caplog.records if record.name == "connector"]
        one._call_factory.budget._ledger.close()
    assert len(said) == 1
    assert "the rate budget cannot be shared" in said[0]
    assert "folder" in said[0]


def test_without_its_database_a_process_keeps_to_the_limit_by_itself(sqlite, make_budget, monkeypatch):
    clock = GivenClock()
    budget = make_budget(sqlite, clock=clock)
    monkeypatch.setattr(budget._ledger.table, "execute", _fails)
    gaps = [acquire(budget, now=clock.time()) for _ in range(31)]
    assert gaps[-1] == pytest.approx(SAFETY_FACTOR, abs=1e-4)


def test_a_database_that_is_back_is_used_again(sqlite, make_budget, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "connector")
    clock = GivenClock()
    budget = make_budget(sqlite, clock=clock)
    with monkeypatch.context() as broken:
        broken.setattr(budget._ledger.table, "execute", _fails)
        acquire(budget, now=clock.time())
        clock.passed += sql_ledger.RETRY_DELAY + 1
        acquire(budget, now=clock.time())
    acquire(budget, now=clock.time())
    clock.passed += sql_ledger.RETRY_DELAY + 1
    acquire(budget, now=clock.time())
    assert [record.levelname for record in caplog.records if record.name == "connector"] == ["WARNING", "INFO"]
    with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT count(*) FROM connector_budget").fetchone() == (1,)
    connection.close()


def _fails(_works):
    raise StoreError("Full.", hint="Make room.")


@pytest.fixture
def hung(sqlite, server, monkeypatch):
    """A client whose database does not answer, until the test ends."""
    with make_client(server.url, {"plan": "pro", "store": sqlite}) as one:
        one.asked, one.go, one.came = threading.Event(), threading.Event(), []
        ledger = one._call_factory.budget._ledger

        def hang(works):
            one.asked.set()
            one.came.append(one.go.wait(2 * WIDE))
            _fails(works)

        monkeypatch.setattr(ledger.table, "execute", hang)
        yield one
        one.go.set()
        ledger.close()


def test_a_database_that_hangs_never_outlasts_a_calls_deadline(hung, server):
    began = time.monotonic()
    error = attempt(hung, timeout=0.2)
    assert time.monotonic() - began < WIDE
    assert isinstance(error, errors.ConnectorError)
    assert (error.outcome, server.count) == ("not_sent", 0)


def test_a_database_that_hangs_never_holds_up_an_event_loop(hung, zoom, server, monkeypatch):
    monkeypatch.setattr(sql_ledger, "MAX_WAIT", 10 * WIDE)

    async def calls():
        connection = Connection(zoom, "accessToken", name="work", accessToken="a-token")
        async with AsyncClient(zoom, connection, base_url=server.url, rate_limit=hung._call_factory.budget) as one:
            call = asyncio.create_task(awaited(one, timeout=600))
            await wait_for(hung.asked.is_set)
            hung.go.set()
            return await call

    assert asyncio.run(calls()) == 200, "a call goes on without the others' budget"
    assert hung.came[0], "the loop had its turn only when the database had given up"


def test_a_password_in_the_url_never_shows(zoom, caplog, server):
    url = "postgresql://keeper:pg-canary-p%40ss@127.0.0.1:1/nowhere"
    with make_client(server.url, {"plan": "pro", "store": url}) as one:
        assert attempt(one) == 200
        shown = repr(one._call_factory.budget._ledger) + caplog.text
    assert "cannot be shared" in shown
    assert "canary" not in shown


def test_a_forked_child_has_a_connection_of_its_own(sqlite, make_budget):
    import os

    budget = make_budget(sqlite)
    assert acquire(budget) == 0.0
    child = os.fork()
    if child == 0:
        os._exit(0 if isinstance(acquire(budget), float) and budget._ledger._worker.pid == os.getpid() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert acquire(budget) < 0.1


def test_clients_of_a_process_share_one_ledger_of_a_url(sqlite, server):
    with make_client(server.url, {"store": sqlite}) as one, make_client(server.url, sqlite) as two:
        assert one._call_factory.budget._ledger is two._call_factory.budget._ledger
        assert one.run("getUser", ME).status == two.run("getUser", ME).status == 200
        one._call_factory.budget._ledger.close()
