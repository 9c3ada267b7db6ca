"""The meters of an account are those of its own requests, in memory and in a database."""

from __future__ import annotations

import pytest
from support import private_postgres

from connector.core.exchange.asks import AcquireSlot
from connector.core.rate_limit import RateLimit
from connector.runtime.clock import SystemClock
from connector.runtime.rate_budget.budget import LedgerBudget
from connector.runtime.rate_budget.memory_ledger import MemoryLedger
from connector.runtime.rate_budget.sql_ledger import SqlLedger

TABLE = {"light": RateLimit.parse("100/min"), "perUser": RateLimit.parse("10/day"), "heavy": RateLimit.parse("1/s")}


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def budget(request, tmp_path):
    clock = SystemClock()  # a server has its own
    if request.param == "memory":
        yield LedgerBudget(TABLE, MemoryLedger()), clock
        return
    url = f"sqlite:///{tmp_path / 'budget.db'}" if request.param == "sqlite" else private_postgres.fresh()
    ledger = SqlLedger(url, clock)
    yield LedgerBudget(TABLE, ledger), clock
    ledger.close()


def test_an_account_sees_its_own_requests_alone(budget):
    budget, clock = budget
    now = clock.time()
    for account, name in (
        ("zoom/a", "light"),
        ("zoom/a", "perUser:ada"),
        ("zoom/a", "perUser:bob"),
        ("zoom/a/b", "light"),
    ):
        budget.acquire(account, AcquireSlot(("light",) if name == "light" else (name,), now + 5), now)
    meters = budget.read_meters("zoom/a", now)
    assert [meter.kind for meter in meters] == ["light", "perUser", "perUser", "heavy"]
    assert [use.used for meter in meters for use in meter.uses] == [1, 1, 1]
    assert [meter.kind for meter in budget.read_meters("zoom/b", now)] == ["light", "perUser", "heavy"]
