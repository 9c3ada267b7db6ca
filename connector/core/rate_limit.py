"""Reserve slots of a service's rates: when each next request may be sent.

Pure: `now` is epoch seconds. A limit per second spaces its slots evenly. A limit per minute or hour remembers the slots
of that time, so that all of them may be used at once. A limit per day is a count that starts again. How many may be on
their way at once is not a matter of time, and only read here.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from connector.core.response import retry_after
from connector.errors import RateLimited
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.definition.manifest import RateLimits

DAY_SECONDS = 86_400.0
SAFETY_FACTOR = 1.015  # spaces slots wider than the limit asks: requests arrive less evenly than they leave
BUCKETS_PER_WINDOW = 100  # entries remembered of a window, however large its limit
MAX_CLOCK_SKEW = 60.0  # seconds that calls which began together may see the time apart
_LIMIT_PATTERN = prepare_pattern(r"(?<![0-9])([1-9][0-9]*)/([1-9][0-9]*)?(s|min|m|h|day)", re.ASCII)
_AT_ONCE_PATTERN = prepare_pattern(r"([1-9][0-9]*) at once", re.ASCII)
_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "day": DAY_SECONDS}


class RateWindow(NamedTuple):
    """At most `max_requests` in any `seconds`; every `bucket_size` requests are remembered as one entry."""

    max_requests: int
    seconds: float
    bucket_size: int


class DailyLimit(NamedTuple):
    """At most `max_requests` a day, which starts `reset_offset` seconds into the UTC day."""

    max_requests: int
    reset_offset: float

    def day_number(self, moment: float) -> int:
        """Return the number of the day that holds a moment."""
        return int((moment - self.reset_offset) // DAY_SECONDS)

    def end_of_day(self, day: int) -> float:
        """Return the moment when a day ends."""
        return (day + 1) * DAY_SECONDS + self.reset_offset


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate such as `30/s 30000/day 5 at once`: seconds between slots, windows, limits per day, requests at once."""

    gap: float = 0.0
    windows: tuple[RateWindow, ...] = ()
    daily_limits: tuple[DailyLimit, ...] = ()
    at_once: int | None = None

    @classmethod
    def parse(cls, text: str, reset: str | None = None, *, daily: bool = True) -> RateLimit:
        """Parse a rate; `reset` is the time of day (`00:00Z`) when a day starts; `daily=False` drops limits per day."""
        gap, windows, daily_limits = 0.0, [], []
        hour, minute = reset.rstrip("Z").split(":") if reset else ("0", "0")
        for count, multiple, unit in _LIMIT_PATTERN.findall(text):
            seconds = int(multiple or 1) * _UNIT_SECONDS[unit]
            if unit == "day":
                daily_limits.append(DailyLimit(int(count), int(hour) * 3600.0 + int(minute) * 60.0))
            elif seconds <= 1:
                gap = max(gap, seconds * SAFETY_FACTOR / int(count))
            else:
                windows.append(RateWindow(int(count), seconds * SAFETY_FACTOR, -(-int(count) // BUCKETS_PER_WINDOW)))
        at_once = min(map(int, _AT_ONCE_PATTERN.findall(text)), default=None)
        return cls(gap, tuple(windows), tuple(daily_limits) if daily else (), at_once)

    @property
    def is_gap_only(self) -> bool:
        """Whether the rate has no windows and no limits per day."""
        return not (self.windows or self.daily_limits)

    @property
    def per_second(self) -> float:
        """Requests per second that the rate allows in the long run, ignoring limits per day."""
        speeds = [window.max_requests / window.seconds for window in self.windows]
        return min([*speeds, 1 / self.gap] if self.gap else speeds, default=float("inf"))

    @property
    def generosity(self) -> tuple[float, float]:
        """How much the rate allows, to be compared with that of another plan."""
        return self.per_second, float("inf") if self.at_once is None else self.at_once


@dataclass(slots=True)
class RateState:
    """The reserved slots of one rate; `next_free` is the earliest moment of the next slot.

    The service said at `closed_at` that it accepts nothing before `closed_until`, and asked for `reduced_gap` until
    `reduced_until`. `last_now` is the time of the latest request. `window_logs` has [moment, count] entries for each
    window, `daily_counts` [day number, count] for each limit per day.
    """

    next_free: float = 0.0
    closed_until: float = 0.0
    closed_at: float = 0.0
    reduced_gap: float = 0.0
    reduced_until: float = 0.0
    last_now: float = 0.0
    window_logs: list[deque[list[float]]] = field(default_factory=list)
    daily_counts: list[list[int]] = field(default_factory=list)

    def next_slot(self, rate: RateLimit, now: float, weight: int = 1) -> float:
        """Return the earliest moment of the next slot for a request that counts as so many, ignoring limits per day."""
        if now < self.last_now - MAX_CLOCK_SKEW:
            self._shift_back(self.last_now - now)
        self.last_now = now
        slot = max(now, self.next_free)
        for window, log in zip(rate.windows, self.window_logs, strict=False):
            excess = sum(count for _, count in log) + min(weight, window.max_requests) - window.max_requests
            for moment, count in log if excess > 0 else ():
                excess -= count
                if excess <= 0:
                    slot = max(slot, moment + window.seconds)
                    break
        return slot

    def take_fast(self, gap: float, now: float, deadline: float) -> float | None:
        """Take the next slot of a gap-only rate in a third of the time; None takes nothing: use the full path."""
        slot = self.next_free
        if now < slot:
            if slot >= deadline or now < self.last_now - MAX_CLOCK_SKEW:
                return None
        else:
            slot = now
        if self.reduced_gap:
            return None
        self.last_now = now
        self.next_free = slot + gap
        return slot

    def daily_reset_after(self, rate: RateLimit, slot: float, weight: int = 1) -> float | None:
        """Return when the day of a slot ends if its limit has no room for so many, else None."""
        ends = [
            limit.end_of_day(day)
            for limit, (day, count) in zip(rate.daily_limits, self.daily_counts, strict=False)
            if limit.day_number(slot) <= day and count + weight > limit.max_requests
        ]
        return max(ends, default=None)

    def take_slot(self, rate: RateLimit, slot: float, now: float, weight: int = 1) -> None:
        """Take a slot that `next_slot` returned, for a request that counts as so many."""
        gap = max(rate.gap, self.reduced_gap) if self.reduced_gap and now < self.reduced_until else rate.gap
        self.next_free = slot + gap * weight
        if rate.windows:
            self._log_slot(rate, slot, weight)
        if rate.daily_limits:
            self._count_day(rate, slot, weight)

    def _log_slot(self, rate: RateLimit, slot: float, weight: int) -> None:
        self.window_logs += [deque() for _ in rate.windows[len(self.window_logs) :]]
        for window, log in zip(rate.windows, self.window_logs, strict=False):
            if log and log[-1][1] < window.bucket_size:
                log[-1] = [slot, log[-1][1] + weight]
            else:
                log.append([slot, weight])
            total = sum(count for _, count in log)
            while total - log[0][1] >= window.max_requests:
                total -= log.popleft()[1]

    def _count_day(self, rate: RateLimit, slot: float, weight: int) -> None:
        self.daily_counts += [[0, 0] for _ in rate.daily_limits[len(self.daily_counts) :]]
        for limit, day_count in zip(rate.daily_limits, self.daily_counts, strict=False):
            day = limit.day_number(slot)
            day_count[:] = [day, weight] if day > day_count[0] else [day_count[0], day_count[1] + weight]

    def close_until(self, reopen_at: float, now: float) -> None:
        """Close the rate until a moment; callers that wait for a later slot must take another."""
        if reopen_at <= self.closed_until + 1:
            return  # another reply to a request that was sent before
        self.next_free = self.closed_until = reopen_at
        self.closed_at = now
        for log in self.window_logs:
            dropped = 0.0
            while log and log[-1][0] > now:
                dropped += log.pop()[1]
            if dropped:  # stands for as many used slots that were forgotten to make room for these
                log.appendleft([log[0][0] if log else now, dropped])

    def release_day_slot(self, weight: int = 1) -> None:
        """Subtract an unused slot from the counts of its day."""
        for day_count in self.daily_counts:
            day_count[1] -= weight

    def _shift_back(self, seconds: float) -> None:
        """Follow a clock that was set back, so that no call waits through the repeated time."""
        self.next_free -= seconds
        self.closed_until -= seconds
        self.closed_at -= seconds
        self.window_logs = []

    def expires_at(self, rate: RateLimit) -> float:
        """Return the moment after which the state limits nothing."""
        log_ends = [
            log[-1][0] + limit.seconds for limit, log in zip(rate.windows, self.window_logs, strict=False) if log
        ]
        day_ends = [
            limit.end_of_day(day) for limit, (day, _) in zip(rate.daily_limits, self.daily_counts, strict=False)
        ]
        return max(self.next_free, self.reduced_until, *log_ends, *day_ends)


class RequestedRate(NamedTuple):
    """A rate that a request needs a slot of: name, limits and state."""

    name: str
    rate: RateLimit
    state: RateState


def acquire_slots(
    requested_rates: Sequence[RequestedRate], now: float, deadline: float, weight: int = 1
) -> float | RateLimited:
    """Take a slot of each rate and return the latest, or the error of a rate that has none before the deadline.

    A request may count as several: its `weight`.

    Each rate gives its own next slot, so that a busy rate delays no request that does not need it. An error takes no
    slot. No call waits for the end of a day that is used up.
    """
    slots = [state.next_slot(rate, now, weight) for _, rate, state in requested_rates]
    latest_slot = max(slots)
    for name, rate, state in requested_rates:
        if rate.daily_limits and (reset_at := state.daily_reset_after(rate, latest_slot, weight)):
            return _build_rate_error(f"The daily budget of {_base_name(name)} is used up.", reset_at)
    if latest_slot >= deadline and latest_slot > now:
        return _build_late_error(requested_rates[slots.index(latest_slot)], latest_slot, now)
    for (_, rate, state), slot in zip(requested_rates, slots, strict=True):
        state.take_slot(rate, slot, now, weight)
    return latest_slot


def revalidate_slots(
    requested_rates: Sequence[RequestedRate], reserved_at: float, now: float, deadline: float, weight: int = 1
) -> float | RateLimited:
    """Return `now` if slots reserved at a moment are still valid; else acquire others, as a rate was closed."""
    if all(state.closed_at < reserved_at for _, _, state in requested_rates):
        return now
    for _, _, state in requested_rates:
        state.release_day_slot(weight)
    return acquire_slots(requested_rates, now, deadline, weight)


def _build_late_error(requested_rate: RequestedRate, slot: float, now: float) -> RateLimited:
    if requested_rate.state.closed_until > now:
        return _build_rate_error(f"The service has closed {_base_name(requested_rate.name)} for a while.", slot)
    return _build_rate_error(
        f"The rate budget has no slot of {_base_name(requested_rate.name)} before the call's deadline.", slot
    )


def _base_name(name: str) -> str:
    """Return the name of a rate without the value that a quota counts by, which may be an email address."""
    return name.partition(":")[0]


def _build_rate_error(message: str, moment: float) -> RateLimited:
    retry_at = retry_after.to_utc_datetime(moment)
    hint = f"Call again at {retry_at:%Y-%m-%d %H:%M:%S} UTC."
    return RateLimited(message, message=message, hint=hint, retry_at=retry_at, outcome="not_sent")


def build_rate_table(settings: RateLimits, plan: str | None) -> dict[str, RateLimit]:
    """Return every tier and quota by name.

    Without a plan, each tier has its most generous limit of any plan and no limit per day, so that no call waits which
    the service would accept.
    """
    rates: dict[str, RateLimit] = {}
    for name in (plan,) if plan is not None else settings.plans:
        for tier, text in settings.plans[name].items():
            rate = RateLimit.parse(text, daily=plan is not None)
            if tier not in rates or rate.generosity > rates[tier].generosity:
                rates[tier] = rate
    return rates | {name: RateLimit.parse(quota.limit, quota.reset) for name, quota in settings.quotas.items()}
