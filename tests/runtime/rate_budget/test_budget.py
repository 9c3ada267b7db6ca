"""The rate budget in memory, shared by the clients, threads and tasks of a process."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.calling import ME, attempt, awaited
from support.rate_limited_server import RateLimitedServer
from support.servers import GivenClock, reply

from connector import AsyncClient, Client, Connection, errors
from connector.core import rate_feedback, rate_limit
from connector.core.exchange.asks import AcquireSlot
from connector.core.rate_limit import DAY_SECONDS, SAFETY_FACTOR
from connector.runtime.clock import SystemClock
from connector.runtime.rate_budget.budget import LedgerBudget, _RateTables
from connector.runtime.rate_budget.memory_ledger import LEDGER_LOCK, MemoryLedger

MEETING = {"topic": "Standup"}
TOO_MANY = {"code": 429, "message": "Too many."}


@pytest.fixture
def account(zoom):
    """Make a connection of an account."""

    def made(number="acc-1", **how):
        return Connection(zoom, "serverToServer", accountId=number, clientId="c", clientSecret="s", **how)

    return made


@pytest.fixture
def named_connection(zoom):
    """Make a connection with a name and without an account input."""
    return lambda name="": Connection(zoom, "accessToken", name=name, accessToken="a-token")


def make_budget(zoom, plan="pro"):
    return LedgerBudget(rate_limit.build_rate_table(zoom.manifest.rates, plan), MemoryLedger())


# What takes a slot


def test_each_page_takes_a_slot(runner, server, clock):
    pages = [reply(json_={"users": [{"id": str(n)}], "next_page_token": str(n) if n < 3 else ""}) for n in range(1, 4)]
    server.then(*pages)
    one = runner(server.url, clock=clock, rate_limit="pro")
    assert one.run("listUsers").pages == 3
    assert clock.passed == pytest.approx(2 * SAFETY_FACTOR / 20)  # medium is 20/s


def test_each_retry_takes_a_slot(runner, server, clock):
    server.then(reply(500, {}), reply(500, {}))
    slots = Recorder()
    runner(server.url, clock=clock, rate_limit=slots).run("getUser", ME)
    assert [ask.rates for ask in slots.asked] == [("light",)] * 3


def test_a_raw_request_takes_no_slot(runner, server, clock):
    slots = Recorder()
    runner(server.url, clock=clock, rate_limit=slots).request("GET", "/users/me")
    assert slots.asked == []


def test_a_cap_is_asked_for_by_the_value_at_its_place(runner, server, clock):
    slots = Recorder()
    runner(server.url, clock=clock, rate_limit=slots).run("createMeeting", {"userId": "ada@example.com", **MEETING})
    assert [ask.rates for ask in slots.asked] == [("light", "meetings-per-host:ada@example.com")]


class Recorder:
    """A custom budget that records its calls."""

    def __init__(self, *answers):
        self.asked, self.replies, self.answers = [], [], list(answers)

    def acquire(self, account, ask, now):
        self.asked.append(ask)
        return self.answers.pop(0) if self.answers else 0.0

    def learn_from_reply(self, account, rate_names, reply, now):
        self.replies.append((account, rate_names, reply.status))


def test_any_object_can_be_the_budget(runner, server, clock):
    refused = errors.RateLimited("Not now.")
    slots = Recorder(0.0, 1.5, 0.0, refused)
    one = runner(server.url, clock=clock, rate_limit=slots)
    one.run("getUser", ME)
    assert slots.replies == [(f"zoom@{server.url}/accessToken", ("light",), 200)]
    one.run("getUser", ME)
    assert clock.waits == [1.5]
    with pytest.raises(errors.RateLimited) as caught:
        one.run("getUser", ME)
    assert caught.value is refused
    assert server.count == 2


def test_a_budget_may_be_awaited(zoom, server, named_connection):
    class Awaited(Recorder):
        async def acquire(self, account, ask, now):
            await asyncio.sleep(0)
            return super().acquire(account, ask, now)

    slots = Awaited()

    async def call():
        async with AsyncClient(zoom, named_connection(), base_url=server.url, rate_limit=slots) as client:
            return await awaited(client)

    assert asyncio.run(call()) == 200
    assert len(slots.asked) == 1


# Whose budget it is


def shares(zoom, server, clock, first, second, **how):
    """Whether two connections share a budget: the call of the second one waits."""
    before = clock.passed
    for connection in (first, second):
        with Client(zoom, connection, base_url=server.url, clock=clock, rate_limit="pro", **how) as client:
            assert client.run("getUser", ME).status == 200
    return clock.passed > before


def test_two_clients_of_one_account_share_a_budget_and_two_accounts_do_not(zoom, server, clock, named_connection):
    server.always(lambda request: reply(json_={"access_token": "t", "expires_in": 3600}))
    work, same, other = named_connection("work"), named_connection("work"), named_connection("other")
    assert shares(zoom, server, clock, work, same)
    assert not shares(zoom, server, clock, other, named_connection("third"))


def test_the_manifest_says_which_input_is_the_account(zoom, account):
    from connector.runtime.rate_budget.accounts import Accounts

    accounts = Accounts(zoom, None, make_budget(zoom))
    assert accounts.account_for(account("acc-1", name="")) == accounts.account_for(account("acc-1")) == "zoom/acc-1"


def test_a_connection_without_account_and_name_has_a_budget_of_its_own(zoom, server, clock, named_connection):
    mine = named_connection()
    assert shares(zoom, server, clock, mine, mine)
    clock.passed += 10
    assert not shares(zoom, server, clock, named_connection(), named_connection())


def test_another_base_url_is_another_service(zoom, server, clock, named_connection):
    with RateLimitedServer(1000) as other:
        for url in (server.url, other.url):
            with Client(zoom, named_connection("work"), base_url=url, clock=clock, rate_limit="pro") as client:
                client.run("getUser", ME)
    assert clock.waits == []


# Which limits hold


def test_without_a_plan_the_most_generous_pace_holds_and_no_day_is_counted(zoom):
    slots = make_budget(zoom, None)
    now = 1_800_000_000.0
    for number in range(30_001):
        assert slots.acquire("a", AcquireSlot(("heavy",), now + 60), now + number / 39) < 1  # 40/s for business


def test_a_days_limit_of_a_plan_refuses_with_when_it_begins_anew(zoom, server, clock, named_connection):
    midnight = clock.start - clock.start % DAY_SECONDS + DAY_SECONDS
    with Client(zoom, named_connection("work"), base_url=server.url, clock=clock, rate_limit="free") as client:
        for _ in range(6000):
            client._call_factory.budget.acquire(
                f"zoom@{server.url}/work", AcquireSlot(("light",), midnight), clock.time()
            )
        error = attempt(client)
        assert isinstance(error, errors.RateLimited)
        assert (error.outcome, error.attempts, error.retry_at.timestamp()) == ("not_sent", 0, midnight)
        clock.passed = midnight - clock.start
        assert attempt(client) == 200
    assert server.count == 1


def test_a_cap_by_value_holds_without_a_plan_and_for_that_value_alone(zoom, server, clock, named_connection):
    server.always(reply(201, {"id": 1}))
    with Client(
        zoom, named_connection("work"), base_url=server.url, clock=clock, rate_limit={"store": "memory:"}
    ) as client:
        for _ in range(100):
            client.run("createMeeting", {"userId": "ada", **MEETING})
        with pytest.raises(errors.RateLimited, match="daily budget of meetings-per-host") as caught:
            client.run("createMeeting", {"userId": "ada", **MEETING})
        assert f"{caught.value.retry_at:%H:%M:%S}" == "00:00:00"
        assert client.run("createMeeting", {"userId": "grace", **MEETING}).status == 201
        assert client.run("getUser", ME).status == 201
        clock.passed = caught.value.retry_at.timestamp() - clock.start
        assert client.run("createMeeting", {"userId": "ada", **MEETING}).status == 201
    assert server.count == 103


def test_no_slot_lies_behind_the_deadline_and_nothing_is_slept(runner, server, clock):
    one = runner(server.url, clock=clock, rate_limit="pro")
    one.run("getUser", ME)
    with pytest.raises(errors.RateLimited, match="before the call's deadline") as caught:
        one.run("getUser", ME, timeout=0.02)
    assert caught.value.retry_at.timestamp() == pytest.approx(clock.time() + SAFETY_FACTOR / 30, abs=1e-3)
    assert (caught.value.outcome, clock.waits, server.count) == ("not_sent", [], 1)
    one.run("getUser", ME)  # the slot was not taken by who could not use it
    assert clock.passed == pytest.approx(SAFETY_FACTOR / 30, abs=1e-4)


def test_an_engine_that_owns_the_waits_is_told_at_once_of_a_long_one(runner, server, clock, zoom):
    one = runner(server.url, clock=clock, rate_limit="pro")
    server.then(reply(429, TOO_MANY, headers=(("Retry-After", "7"),)))
    for _ in range(2):
        with pytest.raises(errors.RateLimited) as caught:
            one.run("getUser", ME, retry="engine")
        assert caught.value.retry_at.timestamp() == pytest.approx(clock.start + 7)
    assert (server.count, clock.waits) == (1, [])


# F17, F19, F21, F24: what the service says holds for all callers


@pytest.mark.parametrize("header", ["Retry-After", "X-RateLimit-Reset"])
def test_a_429_closes_the_tier_for_all_callers_until_the_service_opens(zoom, server, clock, named_connection, header):
    server.then(reply(429, TOO_MANY, headers=((header, "7"),)))
    with Client(zoom, named_connection("work"), base_url=server.url, clock=clock, rate_limit="pro") as one:
        with pytest.raises(errors.RateLimited):
            one.run("getUser", ME, retry={"maxRetries": 0})
        clock.passed += 1
        with Client(zoom, named_connection("work"), base_url=server.url, clock=clock, rate_limit="pro") as two:
            assert two.run("getUser", ME).status == 200
    assert clock.waits == [pytest.approx(6)]
    assert server.count == 2


def test_who_waits_for_a_slot_hears_that_the_service_has_closed_meanwhile(zoom, server, clock, named_connection):
    with Client(zoom, named_connection("work"), base_url=server.url, clock=clock, rate_limit="pro") as one:
        one.run("getUser", ME)

        def close(_seconds):
            clock.on_wait = None
            refusal = rate_feedback.RateFeedback(clock.time() + 5)
            one._call_factory.budget._ledger.apply_feedback(
                f"zoom@{server.url}/work",
                (("light", zoom.derive(_RateTables).table_of("pro")["light"]),),
                refusal,
                clock.time() - 0.001,
            )

        clock.on_wait = close
        one.run("getUser", ME)
    assert clock.waits == pytest.approx([SAFETY_FACTOR / 30, 5], abs=1e-4)
    assert server.count == 2


def test_one_users_used_up_day_is_told_with_when_it_ends_and_others_go_on(zoom, server, clock, named_connection):
    day = (("Retry-After", "2027-01-16T00:00:00Z"), ("X-RateLimit-Type", "Daily-limit"))
    server.always(reply(201, {"id": 1})).then(
        reply(429, {"code": 429, "message": "exceeded the daily rate limit (100)"}, headers=day)
    )
    with Client(zoom, named_connection("work"), base_url=server.url, clock=clock, rate_limit="pro") as client:
        for _ in range(2):
            with pytest.raises(errors.RateLimited) as caught:
                client.run("createMeeting", {"userId": "ada", **MEETING})
            assert f"{caught.value.retry_at:%Y-%m-%d %H:%M}" == "2027-01-16 00:00"
        assert client.run("createMeeting", {"userId": "grace", **MEETING}).status == 201
    assert server.count == 2  # the second call of ada's was not sent


def test_a_smaller_limit_that_the_service_names_slows_the_tier(zoom, server, clock, named_connection):
    named = (("X-RateLimit-Type", "QPS"), ("X-RateLimit-Limit", "4"))
    server.then(reply(429, TOO_MANY, headers=named))
    with Client(
        zoom, named_connection("work"), base_url=server.url, clock=clock, rate_limit={"store": "memory:"}
    ) as client:
        client.run("getUser", ME)
        clock.passed, clock.waits[:] = 100.0, []
        client.run("getUser", ME)
        client.run("getUser", ME)
    assert clock.waits == [pytest.approx(SAFETY_FACTOR / 4)]


# Many at once, real time, a server that enforces the limit


def test_threads_and_tasks_together_use_the_limit_and_never_more(zoom, named_connection):
    with RateLimitedServer(30) as server:
        how = {"base_url": server.url, "rate_limit": "pro"}
        with Client(zoom, named_connection("work"), **how) as one, Client(zoom, named_connection("work"), **how) as two:

            async def tasks():
                async with AsyncClient(zoom, named_connection("work"), **how) as three:
                    return await asyncio.gather(*(awaited(three) for _ in range(20)))

            with ThreadPoolExecutor(9) as pool:
                loop = pool.submit(asyncio.run, tasks())
                got = list(pool.map(attempt, [one, two] * 10))
                got += loop.result()
        assert got == [200] * 40
        assert server.refused == 0  # of 40 at once the service takes 30


def test_who_came_first_is_served_first(zoom):
    slots = make_budget(zoom)
    came, gate = [], threading.Barrier(20)

    def ask(_):
        gate.wait()
        with order:
            came.append(slots.acquire("a", AcquireSlot(("light",), NOW + 60), NOW))

    order = threading.Lock()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(20)))
    assert came == sorted(came)
    assert len(set(came)) == 20


NOW = 1_800_000_000.0


# In memory


def test_memory_stays_flat_however_many_values_a_cap_has_seen(zoom, monkeypatch):
    monkeypatch.setattr("connector.runtime.rate_budget.memory_ledger.SWEEP_AT", 20)
    monkeypatch.setattr("connector.runtime.rate_budget.memory_ledger.MAX_RATES", 2000)
    memory = MemoryLedger()
    slots = LedgerBudget(rate_limit.build_rate_table(zoom.manifest.rates, None), memory)
    for number in range(6000):
        slots.acquire("a", AcquireSlot(("light", f"meetings-per-host:{number}"), NOW + 1e9), NOW)
    assert 1000 <= len(memory) <= 2000
    for number in range(4000):
        slots.acquire(
            "a", AcquireSlot(("light", f"meetings-per-host:{number}"), NOW + 1e9), NOW + 2 * DAY_SECONDS + 600 * number
        )
    assert len(memory) < 500
    assert len(slots._rates_by_names) <= 1


def test_a_child_that_was_forked_while_another_thread_asked_can_ask(zoom):
    slots = make_budget(zoom)
    with LEDGER_LOCK:
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # a child that waits for the lock does not wait for ever
            slots.acquire("a", AcquireSlot(("light",), NOW + 60), NOW)
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_a_budget_dies_with_what_it_was_for(zoom, server, named_connection):
    from connector.runtime.rate_budget import memory_ledger

    clock = GivenClock()
    with Client(zoom, named_connection(), base_url=server.url, clock=clock, rate_limit="pro") as client:
        client.run("getUser", ME)
    kept = len(memory_ledger._LEDGERS_BY_CLOCK)
    del client, clock
    gc.collect()
    assert len(memory_ledger._LEDGERS_BY_CLOCK) < kept


# How it is chosen


@pytest.mark.parametrize(("given", "environ", "expected"), [
    (None, {}, None),
    (False, {"ZOOM_PLAN": "pro"}, None),
    (None, {"ZOOM_PLAN": "pro"}, 30),
    ("free", {"ZOOM_PLAN": "pro"}, 4),
    ("memory:", {}, 80),
    ({"plan": "business"}, {}, 80),
    ({"plan": "pro", "store": "memory:"}, {}, 30),
    ({"plan": None, "store": None}, {"ZOOM_PLAN": "free"}, 4),
])  # fmt: skip
def test_the_budget_is_what_is_said_else_what_the_environment_says_and_a_stand_in_has_none(
    zoom, server, named_connection, monkeypatch, given, environ, expected
):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with Client(zoom, named_connection(), base_url=server.url, rate_limit=given) as client:
        found = client._call_factory.budget
    assert (found and round(SAFETY_FACTOR / found._table["light"].gap)) == expected


def test_calls_to_the_service_itself_have_a_budget_without_being_asked(zoom, named_connection):
    with Client(zoom, named_connection()) as one, Client(zoom, named_connection()) as two:
        assert one._call_factory.budget._ledger is two._call_factory.budget._ledger
        assert round(SAFETY_FACTOR / one._call_factory.budget._table["light"].gap) == 80


def test_the_sandbox_has_no_budget_unless_one_is_named(zoom):
    from connector.sandbox.sandbox import Sandbox

    box = Sandbox(zoom)
    with Client(zoom, box.connection, http=box.http) as client:
        assert client._call_factory.budget is None
    with Client(zoom, box.connection, http=box.http, rate_limit="pro") as client:
        assert client._call_factory.budget is not None


@pytest.mark.parametrize(("given", "says"), [
    ("por", "has no plan 'por'.*pro"),
    ({"plan": "pro", "stor": "x"}, "Unknown key .stor. in rate_limit=.*Did you mean .store."),
    (7, "rate_limit= is an int"),
    ("mysql://somewhere/x", "by rate_limit= or ZOOM_BUDGET: The URL does not name a supported database"),
    ("sqlite://", "must name a file"),
])  # fmt: skip
def test_a_budget_that_cannot_be_is_told_when_the_client_is_made(zoom, named_connection, given, says):
    with pytest.raises(errors.UsageError, match=says):
        Client(zoom, named_connection(), rate_limit=given)


def test_the_clock_of_the_machine_is_one_for_all_clients(zoom):
    from connector.runtime.rate_budget.memory_ledger import memory_ledger_for

    assert memory_ledger_for(SystemClock()) is memory_ledger_for(SystemClock())
    assert memory_ledger_for(GivenClock()) is not memory_ledger_for(GivenClock())
