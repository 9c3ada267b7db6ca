"""Processes that call with a shared rate budget."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connector import Client, Connection
from connector.errors import ConnectorError
from support.processes.callers import ME, opened


def make_client(base_url: str, budget: Any, **how: Any) -> Client:
    """Make a client of the account "work"."""
    connection = Connection(opened(), "accessToken", name="work", accessToken="a-token")
    return Client(opened(), connection, base_url=base_url, rate_limit=budget, **how)


def spend(pipe: Any, base_url: str, at: str, seconds: float, threads: int = 1) -> dict[str, int]:
    """Call for `seconds` from each thread; return the count of each status or error."""
    counts: dict[str, int] = {}
    with make_client(base_url, {"plan": "pro", "store": at}) as one:
        one.dry_run("getUser", ME)
        one._call_factory.budget._ledger.table.delete_expired()  # it is open now
        pipe.send("ready")
        deadline = pipe.recv() + seconds

        def calls(_: int) -> None:
            while time.time() < deadline:
                try:
                    outcome = str(one.run("getUser", ME, retry={"maxRetries": 0}).status)
                except ConnectorError as error:
                    outcome = f"{type(error).__name__}: {error}"
                counts[outcome] = counts.get(outcome, 0) + 1

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(calls, range(threads)))
    return counts


def take(pipe: Any, at: str, count: int) -> list[float]:
    """Take slots; return the seconds until each."""
    from connector.core.exchange.asks import AcquireSlot

    with make_client("http://127.0.0.1:9", {"plan": "pro", "store": at}) as one:
        budget, now = one._call_factory.budget, time.time()
        return [budget.acquire("work", AcquireSlot(("light",), now + 60), now) for _ in range(count)]


def take_and_die(pipe: Any, at: str) -> None:
    """Kill this process with SIGKILL while it takes a slot."""
    from connector.runtime.rate_budget import sql_table

    sql_table._apply_op = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    take(pipe, at, 1)
