"""The rate budget of an account: slots for its requests, shared by all of its callers.

The clients of a process share one in memory; processes and hosts share one in a database (sql_ledger.py).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from connector.core import rate_feedback, rate_limit, url_policy
from connector.core.rate_limit import RateState
from connector.core.redaction import describe_type
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError
from connector.runtime.process.env import read_env_value
from connector.runtime.process.extras import require
from connector.runtime.rate_budget.memory_ledger import MemoryLedger, memory_ledger_for
from connector.runtime.rate_budget.meters import read_meter

if TYPE_CHECKING:
    from connector.core.exchange.asks import AcquireSlot
    from connector.core.rate_limit import RateLimit
    from connector.core.response.reply import Reply
    from connector.definition.loader import Connector
    from connector.errors import RateLimited
    from connector.runtime.clock import Clock
    from connector.runtime.rate_budget.memory_ledger import NamedRates
    from connector.runtime.rate_budget.meters import RateMeter
    from connector.runtime.rate_budget.sql_ledger import SqlLedger
    from connector.runtime.rate_budget.turns import Turns

_MAPPING_KEYS = ("plan", "store")


class RateBudget(Protocol):
    """The object that a client asks for slots; `account` is whose requests count, `now` epoch seconds."""

    def acquire(self, account: str, ask: AcquireSlot, now: float) -> Any:
        """Return the seconds until a slot of `ask.rates`, or RateLimited; for an AsyncClient it may be awaitable.

        The client asks again when that time has come, with `ask.reserved_at`: return 0.0 if the slot is still valid.
        """

    def learn_from_reply(self, account: str, rate_names: tuple[str, ...], reply: Reply, now: float) -> None:
        """Learn from the reply to a request that took slots of these rates; must not block."""


class LedgerBudget:
    """The budget of a connector's accounts: its rates by name, and a ledger of taken slots."""

    def __init__(self, table: Mapping[str, RateLimit], ledger: MemoryLedger | SqlLedger) -> None:
        self._table, self._ledger = table, ledger
        self.in_memory = isinstance(ledger, MemoryLedger)
        self._rates_by_names: dict[tuple[str, ...], NamedRates] = {}
        self._has_turns = any(rate.at_once for rate in table.values())

    def find_turns(self, account: str, rate_names: tuple[str, ...]) -> Turns | None:
        """Return the turns that a request of these rates waits for, or None where none is limited."""
        if not self._has_turns:
            return None
        rates = self._rates_by_names.get(rate_names) or self._select_rates(rate_names)
        limits = [(name, rate.at_once) for name, rate in rates if rate.at_once is not None]
        return self._ledger.turns.find_turns(account, limits) if limits else None

    def acquire(self, account: str, ask: AcquireSlot, now: float) -> float | RateLimited:
        """Return the seconds until a slot, or RateLimited; a rate that the manifest does not declare needs none."""
        named_rates = self._rates_by_names.get(ask.rates) or self._select_rates(ask.rates)
        return self._ledger.acquire(account, named_rates, ask, now) if named_rates else 0.0

    async def acquire_async(self, account: str, ask: AcquireSlot, now: float) -> float | RateLimited:
        """Do as `acquire` without blocking the event loop."""
        named_rates = self._rates_by_names.get(ask.rates) or self._select_rates(ask.rates)
        if not named_rates:
            return 0.0
        if isinstance(self._ledger, MemoryLedger):
            return self._ledger.acquire(account, named_rates, ask, now)
        return await self._ledger.acquire_async(account, named_rates, ask, now)

    def learn_from_reply(self, account: str, rate_names: tuple[str, ...], reply: Reply, now: float) -> None:
        """Apply a 429 or the X-RateLimit headers of a reply."""
        feedback = rate_feedback.read_feedback(reply, now)
        if feedback is not None and (named_rates := self._select_rates(rate_names)):
            self._ledger.apply_feedback(account, named_rates, feedback, now)

    def read_meters(self, account: str, now: float) -> list[RateMeter]:
        """Return how much of each rate an account has used, in the manifest's order. Raises StoreError."""
        states = self._ledger.read_states(account)
        meters = []
        for kind, rate in self._table.items():
            own = {name: state for name, state in states.items() if name.partition(":")[0] == kind} or {
                kind: RateState()
            }
            meters += [read_meter(name, rate, state, now) for name, state in own.items()]
        return meters

    def _select_rates(self, rate_names: tuple[str, ...]) -> NamedRates:
        table = self._table
        named_rates = tuple((name, table[kind]) for name in rate_names if (kind := name.partition(":")[0]) in table)
        if all(name in table for name in rate_names):  # a quota has too many values to remember
            self._rates_by_names[rate_names] = named_rates
        return named_rates


class _RateTables:
    """The rate tables of a connector by plan, each built once: ledgers compare rates by identity."""

    def __init__(self, connector: Connector) -> None:
        self._settings = connector.manifest.rates
        self._tables: dict[str | None, Mapping[str, RateLimit]] = {}

    def table_of(self, plan: str | None) -> Mapping[str, RateLimit]:
        """Return the rates of a plan by name; None stands for an unknown plan."""
        if plan not in self._tables:
            self._tables[plan] = rate_limit.build_rate_table(self._settings, plan)
        return self._tables[plan]


def open_budget(given: object, connector: Connector, clock: Clock, *, sandboxed: bool) -> Any:
    """Return the budget that a client's `rate_limit` chooses, None for no budget. Raises UsageError.

    `given` is a plan's name, a URL (`sqlite:///...`, `postgresql://...`, `memory:`), a mapping with `plan` and `store`,
    an object with the methods of RateBudget, False for no budget, or None for the environment's NAME_PLAN and
    NAME_BUDGET, else the memory of this process without a plan. A sandbox has no budget unless one is given.
    """
    if given is False:
        return None
    if given is not None and hasattr(given, "acquire"):
        return given
    plan, store = _resolve_plan_and_store(given, connector)
    rate_settings = connector.manifest.rates
    if plan is not None and plan not in rate_settings.plans:
        known = f"It has {', '.join(rate_settings.plans) or 'none'}.{did_you_mean(plan, rate_settings.plans)}"
        hint = f"{known} Set it by rate_limit= or {connector.name.upper()}_PLAN."
        raise UsageError(f"{connector.name} has no plan {plan!r}.", hint=hint)
    if (sandboxed and plan is None and store is None) or not (rate_settings.plans or rate_settings.quotas):
        return None
    tables = connector.derive(_RateTables)
    try:
        return LedgerBudget(tables.table_of(plan), _open_ledger(store, clock))
    except UsageError as error:
        setting_name = f"The store of the rate budget, by rate_limit= or {connector.name.upper()}_BUDGET"
        raise UsageError(f"{setting_name}: {error.args[0]}", hint=error.hint) from None


def _resolve_plan_and_store(given: object, connector: Connector) -> tuple[str | None, str | None]:
    """Return the plan and the store of a choice; the environment fills in what it leaves out."""
    choice: dict[str, Any] = {}
    if isinstance(given, str):
        choice = {"store" if ":" in given else "plan": given}
    elif isinstance(given, Mapping):
        choice = dict(given)
    elif given is not None:
        hint = "Give a plan's name, a URL, or a mapping with plan and store."
        raise UsageError(f"rate_limit= is {describe_type(given)}.", hint=hint)
    if unknown := [str(key) for key in choice if key not in _MAPPING_KEYS]:
        suggestions = "".join(did_you_mean(key, _MAPPING_KEYS) for key in unknown)
        message = f"Unknown key {', '.join(map(repr, unknown))} in rate_limit=."
        raise UsageError(message, hint=f"It takes plan and store.{suggestions}")
    name = connector.name.upper()
    plan = choice.get("plan") or read_env_value(os.environ, f"{name}_PLAN")
    return plan, choice.get("store") or read_env_value(os.environ, f"{name}_BUDGET")


def _open_ledger(store: str | None, clock: Clock) -> MemoryLedger | SqlLedger:
    if store in (None, "memory:"):
        return memory_ledger_for(clock)
    require("sql", "sqlalchemy")
    from connector.runtime.rate_budget.sql_ledger import ledger_for

    return ledger_for(str(store), clock)


def is_sandbox(base_url: str | None, http: object) -> bool:
    """Whether calls go to a sandbox: to this machine, or through a transport with `is_sandbox`."""
    return getattr(http, "is_sandbox", False) or (base_url is not None and url_policy.is_loopback_url(base_url))
