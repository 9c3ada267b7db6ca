"""The rate budget of an account: slots for its requests, shared by all who call with it.

In memory it is shared by the clients of a process; a database shares it among processes and hosts (budget_sql.py).
"""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from connector.core import rate_limit as rates
from connector.core import url_policy as guard
from connector.core.rate_limit import Asked, Line
from connector.core.redaction import kind_of
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError
from connector.runtime.auth import env_connection as environment
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import require

if TYPE_CHECKING:
    from connector.core.exchange.exchange import Acquire
    from connector.core.rate_limit import Heard, Rate
    from connector.core.response.parser import Reply
    from connector.definition.loader import Connector
    from connector.errors import RateLimited
    from connector.runtime.auth.connection import Connection
    from connector.runtime.clock import Clock

    Wanted = tuple[tuple[str, Rate], ...]

FEW = 1_000  # rates that are kept without a look whether they still say anything
MOST = 100_000  # rates that are kept at all, such as a cap's by each value


class Budget(Protocol):
    """What a client asks for slots; `account` names whose they are, `now` is epoch seconds."""

    def acquire(self, account: str, ask: Acquire, now: float) -> Any:
        """Return the seconds until a slot of `ask.what`, or RateLimited; for an AsyncClient perhaps an awaitable.

        Asked again when that time has come, with the time `ask.since` which the slot is held: 0.0 when it is still
        good.
        """

    def heard(self, account: str, what: tuple[str, ...], reply: Reply, now: float) -> None:
        """Learn from the reply to a request that had slots of these rates; must not block."""


class Ledger(Protocol):
    """Where taken slots are written down."""

    def acquire(self, account: str, wanted: Wanted, ask: Acquire, now: float) -> float | RateLimited:
        """Return the seconds until a slot of all the wanted rates."""

    def correct(self, account: str, wanted: Wanted, heard: Heard, now: float) -> None:
        """Apply what a reply said."""


class Gate:
    """The lock of every ledger in memory; a forked child gets a new one, since nobody there would free the old."""

    lock = threading.Lock()

    @classmethod
    def renew(cls) -> None:
        """Make a new lock."""
        cls.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Gate.renew)


class Memory:
    """The slots of this process; safe to share among threads and tasks."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], Asked] = {}
        self._many = FEW

    def acquire(self, account: str, wanted: Wanted, ask: Acquire, now: float) -> float | RateLimited:
        """Return the seconds until a slot of all the wanted rates, or RateLimited."""
        with Gate.lock:
            if ask.since is None and len(wanted) == 1:
                found = self._lines.get((account, wanted[0][0]))
                if found is not None and found.rate is wanted[0][1] and found.rate.plain:
                    slot = found.line.step(found.rate.gap, now, ask.until)
                    if slot is not None:
                        return slot - now
            asked = self._asked(account, wanted, now)
            if ask.since is None:
                at = rates.acquire(asked, now, ask.until)
            else:
                at = rates.again(asked, ask.since, now, ask.until)
        return at - now if isinstance(at, float) else at

    def correct(self, account: str, wanted: Wanted, heard: Heard, now: float) -> None:
        """Apply what a reply said."""
        with Gate.lock:
            rates.correct(self._asked(account, wanted, now), heard, now)

    def _asked(self, account: str, wanted: Wanted, now: float) -> list[Asked]:
        asked = []
        for name, rate in wanted:
            found = self._lines.get((account, name))
            if found is None or found.rate is not rate:
                found = self._begun((account, name), rate, now)
            asked.append(found)
        return asked

    def _begun(self, key: tuple[str, str], rate: Rate, now: float) -> Asked:
        """Begin a line, or have one counted by what another plan allows."""
        found = self._lines.get(key)
        if found is None and len(self._lines) >= self._many:
            self._forget(now)
        made = self._lines[key] = Asked(key[1], rate, Line() if found is None else found.line)
        return made

    def _forget(self, now: float) -> None:
        """Forget what says nothing any more; of too many that do, those that came first."""
        kept = {key: found for key, found in self._lines.items() if found.line.ends(found.rate) > now}
        for key in list(kept)[: max(0, len(kept) - MOST // 2)] if len(kept) >= MOST else ():
            del kept[key]
        self._lines = kept
        self._many = max(FEW, 2 * len(kept))

    def __len__(self) -> int:
        return len(self._lines)


class Slots:
    """The budget of a connector's accounts: what its manifest declares, and the ledger of what is taken."""

    def __init__(self, table: Mapping[str, Rate], ledger: Any) -> None:
        self._table = table
        self._ledger = ledger
        self.in_memory = isinstance(ledger, Memory)
        self._known: dict[tuple[str, ...], Wanted] = {}

    def acquire(self, account: str, ask: Acquire, now: float) -> float | RateLimited:
        """Return the seconds until a slot, or RateLimited; a rate that is not declared needs none."""
        wanted = self._known.get(ask.what) or self._wanted(ask.what)
        answer: float | RateLimited = self._ledger.acquire(account, wanted, ask, now) if wanted else 0.0
        return answer

    async def acquire_async(self, account: str, ask: Acquire, now: float) -> float | RateLimited:
        """As `acquire`, and never holds up an event loop."""
        wanted = self._known.get(ask.what) or self._wanted(ask.what)
        if not wanted:
            return 0.0
        answer: float | RateLimited
        if self.in_memory:
            answer = self._ledger.acquire(account, wanted, ask, now)
        else:
            answer = await self._ledger.acquire_async(account, wanted, ask, now)
        return answer

    def heard(self, account: str, what: tuple[str, ...], reply: Reply, now: float) -> None:
        """Learn from a 429, and from headers that name limits."""
        found = rates.hear(reply, now)
        if found is not None and (wanted := self._wanted(what)):
            self._ledger.correct(account, wanted, found, now)

    def _wanted(self, what: tuple[str, ...]) -> Wanted:
        table = self._table
        wanted = tuple((name, table[kind]) for name in what if (kind := name.partition(":")[0]) in table)
        if all(name in table for name in what):  # and no value of a cap, of which there are too many to remember
            self._known[what] = wanted
        return wanted


class Accounts:
    """Whose budget a connection's calls count against."""

    def __init__(self, connector: Connector, place: str | None, budget: Any) -> None:
        self._alone = isinstance(budget, Slots) and budget.in_memory
        self._key = (connector.manifest.rates.per or "").removeprefix("connection.")
        self._prefix = f"{connector.name}@{place}/" if place else f"{connector.name}/"
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

    def of(self, connection: Connection | None) -> str:
        """Return the name of an account: the value that the manifest says, else the connection's own name.

        A connection without either has a budget of its own in memory; in a database those of a kind share one.
        """
        if connection is None:
            return self._prefix
        found = self._names.get(connection)
        if found is None:
            found = self._names[connection] = self._prefix + self._named(connection)
        return found

    def _named(self, connection: Connection) -> str:
        value = connection.given().get(self._key) if self._key else None
        if value is None and self._alone and connection.name == connection.kind:
            return f"{connection.kind}#{_NUMBERS.setdefault(connection, next(_COUNT))}"
        return str(value or connection.name)


_COUNT = itertools.count(1)
_NUMBERS: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()  # of connections without a name
_PROCESS = Memory()
_GIVEN: weakref.WeakKeyDictionary[Any, Memory] = weakref.WeakKeyDictionary()


def memory_of(clock: Clock) -> Memory:
    """Return the memory that all clients of this process share; a given clock has its own, since its time is."""
    return _PROCESS if isinstance(clock, SystemClock) else _GIVEN.setdefault(clock, Memory())


def choose(given: object, connector: Connector, clock: Clock, *, stand_in: bool) -> Any:
    """Return the budget of a choice, None for no budget. Raises UsageError.

    A plan's name, a URL (`sqlite:///...`, `postgresql://...`, `memory:`), a mapping of both (`plan`, `at`), an object
    with the methods of Budget, False for none, or None: what the environment's NAME_PLAN and NAME_BUDGET say, else the
    memory of this process, without a plan. A stand-in for the service has no budget unless one is named.
    """
    if given is False:
        return None
    if given is not None and hasattr(given, "acquire"):
        return given
    plan, at = _named(given, connector)
    declared = connector.manifest.rates
    if plan is not None and plan not in declared.plans:
        known = ", ".join(declared.plans) or "none"
        hint = f"It has {known}.{did_you_mean(plan, declared.plans)} budget= or {connector.name.upper()}_PLAN names it."
        raise UsageError(f"{connector.name} has no plan {plan!r}.", hint=hint)
    if (stand_in and plan is None and at is None) or not (declared.plans or declared.caps):
        return None
    key = f"rates:{plan}"
    table = connector.compiled.setdefault(key, connector.compiled.get(key) or rates.table(declared, plan))
    try:
        return Slots(table, _ledger(at, clock))
    except UsageError as error:
        where = f"The place of the rate budget, by budget= or {connector.name.upper()}_BUDGET"
        raise UsageError(f"{where}: {error.args[0]}", hint=error.hint) from None


def _named(given: object, connector: Connector) -> tuple[str | None, str | None]:
    """Return the plan and the place of a choice, by the environment where it does not say."""
    said: dict[str, Any] = {}
    if isinstance(given, str):
        said = {"at" if ":" in given else "plan": given}
    elif isinstance(given, Mapping):
        said = dict(given)
    elif given is not None:
        raise UsageError(f"The budget is {kind_of(given)}.", hint="Give a plan's name, a URL, or both by name.")
    if unknown := sorted(set(said) - {"plan", "at"}):
        raise UsageError(f"A budget knows no {', '.join(map(str, unknown))}.", hint="It has plan and at.")
    name = connector.name.upper()
    plan = said.get("plan") or environment.setting(os.environ, f"{name}_PLAN")
    return plan, said.get("at") or environment.setting(os.environ, f"{name}_BUDGET")


def _ledger(at: str | None, clock: Clock) -> Ledger:
    if at in (None, "memory:"):
        return memory_of(clock)
    require("sqlalchemy")
    from connector.runtime.rate_budget.sql_ledger import shared  # noqa: PLC0415  an extra

    return shared(str(at), clock)


def is_stand_in(base_url: str | None, http: object) -> bool:
    """Whether calls go to a stand-in: to this machine, or to an HTTP seam that says so of itself."""
    return getattr(http, "stand_in", False) or (base_url is not None and guard.is_loopback_url(base_url))
