"""How much of a service's rates is used: what a person sees of the states that slots are reserved in."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from connector.core.rate_limit import DAY_SECONDS, SAFETY_FACTOR
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.rate_limit import RateLimit, RateState


@dataclass(frozen=True, slots=True)
class RateUse:
    """How many requests of a time are used: the last `seconds`, or the day, which ends at `ends_at`."""

    used: int
    limit: int
    seconds: float
    ends_at: float | None = None


@dataclass(frozen=True, slots=True)
class RateMeter:
    """A rate and its use. `kind` is its name in the manifest; a quota has a `value` of its own for each meter.

    `per_second` and `at_once` are what the rate allows, None where it says nothing. The next request waits for `wait`
    seconds. `closed_for` seconds the service has said that it takes none.
    """

    kind: str
    value: str
    per_second: float | None
    at_once: int | None
    wait: float
    closed_for: float
    uses: tuple[RateUse, ...]


def read_meter(name: str, rate: RateLimit, state: RateState, now: float) -> RateMeter:
    """Return the meter of a rate; the state stays as it is."""
    kind, _, value = name.partition(":")
    wait = max(0.0, deepcopy(state).next_slot(rate, now) - now)
    per_second = SAFETY_FACTOR / rate.gap if rate.gap else None
    return RateMeter(
        kind,
        value,
        per_second,
        rate.at_once,
        wait,
        max(0.0, state.closed_until - now),
        tuple(_list_uses(rate, state, now)),
    )


def _list_uses(rate: RateLimit, state: RateState, now: float) -> Iterator[RateUse]:
    for number, window in enumerate(rate.windows):
        log = state.window_logs[number] if number < len(state.window_logs) else ()
        used = sum(count for moment, count in log if moment + window.seconds > now)
        yield RateUse(int(used), window.max_requests, window.seconds / SAFETY_FACTOR)
    for number, limit in enumerate(rate.daily_limits):
        day, count = state.daily_counts[number] if number < len(state.daily_counts) else (0, 0)
        today = limit.day_number(now)
        yield RateUse(count if day >= today else 0, limit.max_requests, DAY_SECONDS, limit.end_of_day(max(day, today)))
