"""Other processes that call with a shared rate budget."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connector import Client, Connection
from connector.errors import ConnectorError
from support.processes.callers import ME, opened


def client(base_url: str, budget: Any, **how: Any) -> Client:
    """A client of the account "work"."""
    connection = Connection(opened(), "accessToken", name="work", accessToken="a-token")
    return Client(opened(), connection, base_url=base_url, rate_limit=budget, **how)


def spend(pipe: Any, base_url: str, at: str, seconds: float, threads: int = 1) -> dict[str, int]:
    """Call one after the other for so long, from each thread; how often each status or error came."""
    got: dict[str, int] = {}
    with client(base_url, {"plan": "pro", "at": at}) as one:
        one.dry_run("getUser", ME)
        one._call_factory.budget._ledger.table.delete_expired()  # it is open now
        pipe.send("ready")
        until = pipe.recv() + seconds

        def calls(_: int) -> None:
            while time.time() < until:
                try:
                    said = str(one.run("getUser", ME, retry={"maxRetries": 0}).status)
                except ConnectorError as error:
                    said = f"{type(error).__name__}: {error}"
                got[said] = got.get(said, 0) + 1

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(calls, range(threads)))
    return got


def take(pipe: Any, at: str, count: int) -> list[float]:
    """Take so many slots; the seconds until each."""
    from connector.core.exchange.exchange import AcquireSlot

    with client("http://127.0.0.1:9", {"plan": "pro", "at": at}) as one:
        budget, now = one._call_factory.budget, time.time()
        return [budget.acquire("work", AcquireSlot(("light",), now + 60), now) for _ in range(count)]


def take_and_die(pipe: Any, at: str) -> None:
    """Die by kill -9 in the middle of taking a slot."""
    from connector.runtime.rate_budget import sql_table

    sql_table._apply_op = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    take(pipe, at, 1)
