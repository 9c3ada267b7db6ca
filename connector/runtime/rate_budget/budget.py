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

from connector.core import rate_limit, url_policy
from connector.core.rate_limit import RateState, RequestedRate
from connector.core.redaction import describe_type
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError
from connector.runtime.auth import env_connection
from connector.runtime.clock import SystemClock
from connector.runtime.database.connect import require_package

if TYPE_CHECKING:
    from connector.core.exchange.exchange import AcquireSlot
    from connector.core.rate_limit import RateFeedback, RateLimit
    from connector.core.response.parser import Reply
    from connector.definition.loader import Connector
    from connector.errors import RateLimited
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.clock import Clock

    NamedRates = tuple[tuple[str, RateLimit], ...]

SWEEP_AT = 1_000  # rates that are kept without a look whether they still say anything
MAX_RATES = 100_000  # rates that are kept at all, such as a cap's by each value


class RateBudget(Protocol):
    """What a client asks for slots; `account` names whose they are, `now` is epoch seconds."""

    def acquire(self, account: str, ask: AcquireSlot, now: float) -> Any:
        """Return the seconds until a slot of `ask.what`, or RateLimited; for an AsyncClient perhaps an awaitable.

        Asked again when that time has come, with the time `ask.since` which the slot is held: 0.0 when it is still
        good.
        """

    def learn_from_reply(self, account: str, rate_names: tuple[str, ...], reply: Reply, now: float) -> None:
        """Learn from the reply to a request that had slots of these rates; must not block."""


class Ledger(Protocol):
    """Where taken slots are written down."""

    def acquire(self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float) -> float | RateLimited:
        """Return the seconds until a slot of all the wanted rates."""

    def apply_feedback(self, account: str, named_rates: NamedRates, feedback: RateFeedback, now: float) -> None:
        """Apply what a reply said."""


class LedgerLock:
    """The lock of every ledger in memory; a forked child gets a new one, since nobody there would free the old."""

    lock = threading.Lock()

    @classmethod
    def reset(cls) -> None:
        """Make a new lock."""
        cls.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LedgerLock.reset)


class MemoryLedger:
    """The slots of this process; safe to share among threads and tasks."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], RequestedRate] = {}
        self._sweep_at = SWEEP_AT

    def acquire(self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float) -> float | RateLimited:
        """Return the seconds until a slot of all the wanted rates, or RateLimited."""
        with LedgerLock.lock:
            if ask.reserved_at is None and len(named_rates) == 1:
                entry = self._rates.get((account, named_rates[0][0]))
                if entry is not None and entry.rate is named_rates[0][1] and entry.rate.is_gap_only:
                    slot = entry.state.take_fast(entry.rate.gap, now, ask.deadline)
                    if slot is not None:
                        return slot - now
            requested_rates = self._get_requested_rates(account, named_rates, now)
            if ask.reserved_at is None:
                slot_at = rate_limit.acquire_slots(requested_rates, now, ask.deadline)
            else:
                slot_at = rate_limit.revalidate_slots(requested_rates, ask.reserved_at, now, ask.deadline)
        return slot_at - now if isinstance(slot_at, float) else slot_at

    def apply_feedback(self, account: str, named_rates: NamedRates, feedback: RateFeedback, now: float) -> None:
        """Apply what a reply said."""
        with LedgerLock.lock:
            rate_limit.apply_feedback(self._get_requested_rates(account, named_rates, now), feedback, now)

    def _get_requested_rates(self, account: str, named_rates: NamedRates, now: float) -> list[RequestedRate]:
        requested_rates = []
        for name, rate in named_rates:
            entry = self._rates.get((account, name))
            if entry is None or entry.rate is not rate:
                entry = self._start_rate((account, name), rate, now)
            requested_rates.append(entry)
        return requested_rates

    def _start_rate(self, key: tuple[str, str], rate: RateLimit, now: float) -> RequestedRate:
        """Begin a line, or have one counted by what another plan allows."""
        existing = self._rates.get(key)
        if existing is None and len(self._rates) >= self._sweep_at:
            self._sweep(now)
        entry = self._rates[key] = RequestedRate(key[1], rate, RateState() if existing is None else existing.state)
        return entry

    def _sweep(self, now: float) -> None:
        """Forget what says nothing any more; of too many that do, those that came first."""
        live_rates = {key: entry for key, entry in self._rates.items() if entry.state.expires_at(entry.rate) > now}
        for key in list(live_rates)[: max(0, len(live_rates) - MAX_RATES // 2)] if len(live_rates) >= MAX_RATES else ():
            del live_rates[key]
        self._rates = live_rates
        self._sweep_at = max(SWEEP_AT, 2 * len(live_rates))

    def __len__(self) -> int:
        return len(self._rates)


class LedgerBudget:
    """The budget of a connector's accounts: what its manifest declares, and the ledger of what is taken."""

    def __init__(self, table: Mapping[str, RateLimit], ledger: Any) -> None:
        self._table = table
        self._ledger = ledger
        self.in_memory = isinstance(ledger, MemoryLedger)
        self._rates_by_names: dict[tuple[str, ...], NamedRates] = {}

    def acquire(self, account: str, ask: AcquireSlot, now: float) -> float | RateLimited:
        """Return the seconds until a slot, or RateLimited; a rate that is not declared needs none."""
        named_rates = self._rates_by_names.get(ask.rates) or self._select_rates(ask.rates)
        answer: float | RateLimited = self._ledger.acquire(account, named_rates, ask, now) if named_rates else 0.0
        return answer

    async def acquire_async(self, account: str, ask: AcquireSlot, now: float) -> float | RateLimited:
        """As `acquire`, and never holds up an event loop."""
        named_rates = self._rates_by_names.get(ask.rates) or self._select_rates(ask.rates)
        if not named_rates:
            return 0.0
        answer: float | RateLimited
        if self.in_memory:
            answer = self._ledger.acquire(account, named_rates, ask, now)
        else:
            answer = await self._ledger.acquire_async(account, named_rates, ask, now)
        return answer

    def learn_from_reply(self, account: str, rate_names: tuple[str, ...], reply: Reply, now: float) -> None:
        """Learn from a 429, and from headers that name limits."""
        feedback = rate_limit.read_feedback(reply, now)
        if feedback is not None and (named_rates := self._select_rates(rate_names)):
            self._ledger.apply_feedback(account, named_rates, feedback, now)

    def _select_rates(self, rate_names: tuple[str, ...]) -> NamedRates:
        table = self._table
        named_rates = tuple((name, table[kind]) for name in rate_names if (kind := name.partition(":")[0]) in table)
        if all(name in table for name in rate_names):  # and no value of a cap, of which there are too many to remember
            self._rates_by_names[rate_names] = named_rates
        return named_rates


class Accounts:
    """Whose budget a connection's calls count against."""

    def __init__(self, connector: Connector, base_url: str | None, budget: Any) -> None:
        self._is_process_local = isinstance(budget, LedgerBudget) and budget.in_memory
        self._input_key = (connector.manifest.rates.per or "").removeprefix("connection.")
        self._prefix = f"{connector.name}@{base_url}/" if base_url else f"{connector.name}/"
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

    def account_for(self, connection: Credentials | None) -> str:
        """Return the name of an account: the value that the manifest says, else the connection's own name.

        A connection without either has a budget of its own in memory; in a database those of a kind share one.
        """
        if connection is None:
            return self._prefix
        account = self._names.get(connection)
        if account is None:
            account = self._names[connection] = self._prefix + self._account_of(connection)
        return account

    def _account_of(self, connection: Credentials) -> str:
        value = connection.inputs().get(self._input_key) if self._input_key else None
        if value is None and self._is_process_local and connection.name == connection.kind:
            return f"{connection.kind}#{_NUMBERS_BY_CONNECTION.setdefault(connection, next(_ANONYMOUS_NUMBERS))}"
        return str(value or connection.name)


_ANONYMOUS_NUMBERS = itertools.count(1)
_NUMBERS_BY_CONNECTION: weakref.WeakKeyDictionary[Any, int] = (
    weakref.WeakKeyDictionary()
)  # of connections without a name
_PROCESS_LEDGER = MemoryLedger()
_LEDGERS_BY_CLOCK: weakref.WeakKeyDictionary[Any, MemoryLedger] = weakref.WeakKeyDictionary()


def memory_ledger_for(clock: Clock) -> MemoryLedger:
    """Return the memory that all clients of this process share; a given clock has its own, since its time is."""
    return _PROCESS_LEDGER if isinstance(clock, SystemClock) else _LEDGERS_BY_CLOCK.setdefault(clock, MemoryLedger())


class _RateTables:
    """The rates of a connector by plan: one table each, since a budget tells rates apart by identity."""

    def __init__(self, connector: Connector) -> None:
        self._settings = connector.manifest.rates
        self._tables: dict[str | None, Mapping[str, RateLimit]] = {}

    def table_of(self, plan: str | None) -> Mapping[str, RateLimit]:
        """Return the rates of a plan, or those that count whatever the plan."""
        if plan not in self._tables:
            self._tables[plan] = rate_limit.build_rate_table(self._settings, plan)
        return self._tables[plan]


def open_budget(given: object, connector: Connector, clock: Clock, *, sandboxed: bool) -> Any:
    """Return the budget of a choice, None for no budget. Raises UsageError.

    A plan's name, a URL (`sqlite:///...`, `postgresql://...`, `memory:`), a mapping of both (`plan`, `at`), an object
    with the methods of Budget, False for none, or None: what the environment's NAME_PLAN and NAME_BUDGET say, else the
    memory of this process, without a plan. A stand-in for the service has no budget unless one is named.
    """
    if given is False:
        return None
    if given is not None and hasattr(given, "acquire"):
        return given
    plan, store = _resolve_plan_and_store(given, connector)
    rate_settings = connector.manifest.rates
    if plan is not None and plan not in rate_settings.plans:
        plan_names = ", ".join(rate_settings.plans) or "none"
        hint = f"It has {plan_names}.{did_you_mean(plan, rate_settings.plans)} rate_limit= or {connector.name.upper()}_PLAN names it."
        raise UsageError(f"{connector.name} has no plan {plan!r}.", hint=hint)
    if (sandboxed and plan is None and store is None) or not (rate_settings.plans or rate_settings.caps):
        return None
    tables = connector.derive(_RateTables)
    try:
        return LedgerBudget(tables.table_of(plan), _open_ledger(store, clock))
    except UsageError as error:
        setting_name = f"The place of the rate budget, by rate_limit= or {connector.name.upper()}_BUDGET"
        raise UsageError(f"{setting_name}: {error.args[0]}", hint=error.hint) from None


def _resolve_plan_and_store(given: object, connector: Connector) -> tuple[str | None, str | None]:
    """Return the plan and the place of a choice, by the environment where it does not say."""
    choice: dict[str, Any] = {}
    if isinstance(given, str):
        choice = {"at" if ":" in given else "plan": given}
    elif isinstance(given, Mapping):
        choice = dict(given)
    elif given is not None:
        raise UsageError(f"The budget is {describe_type(given)}.", hint="Give a plan's name, a URL, or both by name.")
    if unknown := sorted(set(choice) - {"plan", "at"}):
        raise UsageError(f"A budget knows no {', '.join(map(str, unknown))}.", hint="It has plan and at.")
    name = connector.name.upper()
    plan = choice.get("plan") or env_connection.read_env_value(os.environ, f"{name}_PLAN")
    return plan, choice.get("at") or env_connection.read_env_value(os.environ, f"{name}_BUDGET")


def _open_ledger(store: str | None, clock: Clock) -> Ledger:
    if store in (None, "memory:"):
        return memory_ledger_for(clock)
    require_package("sqlalchemy")
    from connector.runtime.rate_budget.sql_ledger import ledger_for  # noqa: PLC0415  an extra

    return ledger_for(str(store), clock)


def is_sandbox(base_url: str | None, http: object) -> bool:
    """Whether calls go to a stand-in: to this machine, or to an HTTP seam that says so of itself."""
    return getattr(http, "is_sandbox", False) or (base_url is not None and url_policy.is_loopback_url(base_url))
