"""Rate slots in memory, shared by the clients, threads and tasks of a process."""

from __future__ import annotations

import weakref
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from connector.core import rate_feedback, rate_limit
from connector.core.rate_limit import RateState, RequestedRate
from connector.runtime.clock import SystemClock
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.runtime.rate_budget.turns import TurnQueues

if TYPE_CHECKING:
    from connector.core.exchange.asks import AcquireSlot
    from connector.core.rate_feedback import RateFeedback
    from connector.core.rate_limit import RateLimit
    from connector.errors import RateLimited
    from connector.runtime.clock import Clock

    NamedRates = tuple[tuple[str, RateLimit], ...]

SWEEP_AT = 1_000  # rates that are kept without looking for expired ones
MAX_RATES = 100_000  # rates that are kept; a quota has one for each value


LEDGER_LOCK = ForkSafeLock()  # of all ledgers


class MemoryLedger:
    """The slots taken in this process; safe to share among threads and tasks."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], RequestedRate] = {}
        self._sweep_at = SWEEP_AT
        self.turns = TurnQueues()

    def acquire(self, account: str, named_rates: NamedRates, ask: AcquireSlot, now: float) -> float | RateLimited:
        """Return the seconds until a slot of all the rates, or RateLimited."""
        with LEDGER_LOCK:
            if ask.reserved_at is None and len(named_rates) == 1:
                entry = self._rates.get((account, named_rates[0][0]))
                if entry is not None and entry.rate is named_rates[0][1] and entry.rate.is_gap_only:
                    slot = entry.state.take_fast(entry.rate.gap * ask.weight, now, ask.deadline)
                    if slot is not None:
                        return slot - now
            requested_rates = self._get_requested_rates(account, named_rates, now)
            if ask.reserved_at is None:
                slot_at = rate_limit.acquire_slots(requested_rates, now, ask.deadline, ask.weight)
            else:
                slot_at = rate_limit.revalidate_slots(requested_rates, ask.reserved_at, now, ask.deadline, ask.weight)
        return slot_at - now if isinstance(slot_at, float) else slot_at

    def apply_feedback(self, account: str, named_rates: NamedRates, feedback: RateFeedback, now: float) -> None:
        """Apply the feedback of a reply."""
        with LEDGER_LOCK:
            rate_feedback.apply_feedback(self._get_requested_rates(account, named_rates, now), feedback, now)

    def read_states(self, account: str) -> dict[str, RateState]:
        """Return the states of an account's rates by name, as they are now."""
        with LEDGER_LOCK:
            return {name: deepcopy(entry.state) for (own, name), entry in self._rates.items() if own == account}

    def _get_requested_rates(self, account: str, named_rates: NamedRates, now: float) -> list[RequestedRate]:
        requested_rates = []
        for name, rate in named_rates:
            entry = self._rates.get((account, name))
            if entry is None or entry.rate is not rate:
                entry = self._start_rate((account, name), rate, now)
            requested_rates.append(entry)
        return requested_rates

    def _start_rate(self, key: tuple[str, str], rate: RateLimit, now: float) -> RequestedRate:
        """Start a rate; one that another plan started keeps its state."""
        existing = self._rates.get(key)
        if existing is None and len(self._rates) >= self._sweep_at:
            self._sweep(now)
        entry = self._rates[key] = RequestedRate(key[1], rate, RateState() if existing is None else existing.state)
        return entry

    def _sweep(self, now: float) -> None:
        """Drop expired rates, and of too many others the oldest."""
        live_rates = {key: entry for key, entry in self._rates.items() if entry.state.expires_at(entry.rate) > now}
        for key in list(live_rates)[: max(0, len(live_rates) - MAX_RATES // 2)] if len(live_rates) >= MAX_RATES else ():
            del live_rates[key]
        self._rates = live_rates
        self._sweep_at = max(SWEEP_AT, 2 * len(live_rates))

    def __len__(self) -> int:
        return len(self._rates)


_PROCESS_LEDGER = MemoryLedger()


_LEDGERS_BY_CLOCK: weakref.WeakKeyDictionary[Any, MemoryLedger] = weakref.WeakKeyDictionary()


def memory_ledger_for(clock: Clock) -> MemoryLedger:
    """Return the ledger that all clients of this process share; each injected clock has its own."""
    return _PROCESS_LEDGER if isinstance(clock, SystemClock) else _LEDGERS_BY_CLOCK.setdefault(clock, MemoryLedger())
