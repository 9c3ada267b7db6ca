"""The rate budget: eight processes of one account against a service that counts, and what a slot costs in memory.

The service takes 30 requests a second (a token bucket of that size) and answers 429 to what is beyond. PostgreSQL is
measured where BENCHMARK_POSTGRES holds the URL of a database.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from benchmarks import rounds
from benchmarks.rounds import Row
from benchmarks.service import JsonHandler
from connector import Client, Connection, Connector, errors
from connector.core import rate_limit
from connector.core.exchange.asks import AcquireSlot
from connector.runtime.rate_budget.budget import LedgerBudget
from connector.runtime.rate_budget.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.service import Service

PROCESSES = 8
LIMIT = 30  # a second: light calls of the plan `pro`
SECONDS = 20.0
SLOTS = 20_000


class Saw(NamedTuple):
    """What the service saw: requests a second that it took, how many it refused, the most in any second."""

    rate: float
    refused: int
    fullest: int


class Counting:
    """A service on loopback that enforces its limit."""

    def __enter__(self) -> Self:
        self.taken: list[float] = []
        self.refused, self._left, self._filled = 0, float(LIMIT), time.monotonic()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def takes(self) -> bool:
        """Count a request."""
        with self._lock:
            now = time.monotonic()
            self._left = min(LIMIT, self._left + (now - self._filled) * LIMIT)
            self._filled = now
            if self._left < 1:
                self.refused += 1
                return False
            self._left -= 1
            self.taken.append(now)
            return True

    def saw(self) -> Saw:
        """Return what it saw."""
        first = most = 0
        for last, moment in enumerate(self.taken):
            while moment - self.taken[first] >= 1:
                first += 1
            most = max(most, last - first + 1)
        return Saw((len(self.taken) - 1) / (self.taken[-1] - self.taken[0]), self.refused, most)


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def _handler(service: Counting) -> type[JsonHandler]:
    class Handler(JsonHandler):
        def do_GET(self) -> None:  # noqa: N802  the library names it
            good = service.takes()
            self.say(200 if good else 429, {"id": "me"} if good else {"code": 429, "message": "Too many."})

    return Handler


def rows(server: Service, count: int) -> Iterator[Row]:
    """Measure the processes once on each store, and a slot in memory in rounds."""
    del server  # it counts nothing
    seen = {"memory:": _measured("memory:")}
    with tempfile.TemporaryDirectory() as folder:
        seen["SQLite"] = _measured(f"sqlite:///{Path(folder) / 'budget.db'}")
    if url := os.environ.get("BENCHMARK_POSTGRES"):
        seen["PostgreSQL"] = _measured(url)
    alone = seen.pop("memory:")
    for name, saw in seen.items():
        what = f"{PROCESSES} processes, {LIMIT}/s, {SECONDS:g} s, budget in {name}: share of the limit used"
        beside = f"each process its own budget: {_shown(alone)}"
        yield Row(what, _shown(saw), beside, None, "97 to 100 %, no 429")
    costs = rounds.processor({"slot": _slots(), "lock": _locks}, count)
    ours, bare = (f"{costs[name] * 1e6:.2f} µs" for name in ("slot", "lock"))
    yield Row(
        "a slot of the budget in memory", ours, f"a lock alone {bare}", costs["slot"] / costs["lock"], "about 2 µs"
    )


def _shown(saw: Saw) -> str:
    return f"{saw.rate / LIMIT:.1%}, {saw.refused} times 429, at most {saw.fullest} in any second"


def _measured(at: str) -> Saw:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(PROCESSES + 1)
    with Counting() as service:
        callers = [context.Process(target=_calls, args=(service.url, at, ready)) for _ in range(PROCESSES)]
        for one in callers:
            one.start()
        ready.wait()
        for one in callers:
            one.join()
        return service.saw()


def _calls(url: str, at: str, ready: Any) -> None:
    """Call one after the other, as a process of an account does."""
    connector = Connector.open()
    connection = Connection(connector, "accessToken", name="bench", accessToken="a-token")
    with Client(connector, connection, base_url=url, rate_limit={"plan": "pro", "store": at}) as client:
        client.dry_run("getUser", {"userId": "me"})
        ready.wait()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            try:
                client.run("getUser", {"userId": "me"}, retry={"maxRetries": 0})
            except errors.RateLimited:
                continue


def _slots() -> Any:
    slots = LedgerBudget(rate_limit.build_rate_table(Connector.open().manifest.rates, "pro"), MemoryLedger())
    at = [time.time()]

    def job() -> int:
        now = at[0]
        for _ in range(SLOTS):
            now += 0.05
            slots.acquire("zoom/bench", AcquireSlot(("light",), now + 60), now)
        at[0] = now
        return SLOTS

    return job


def _locks() -> int:
    lock = threading.Lock()
    for _ in range(SLOTS):
        with lock:
            pass
    return SLOTS
