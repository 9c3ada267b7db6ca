"""The rates that the stand-in keeps: it refuses what a plan of the service would, with the headers of rate limits."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from connector.core import rate_limit
from connector.core.rate_limit import SAFETY_FACTOR, DailyLimit, RateLimit
from connector.core.response import retry_after
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.core.request.builder import Pairs
    from connector.definition.action import Action
    from connector.definition.loader import Connector


class Bucket(NamedTuple):
    """So many at once, refilled at so many a second."""

    capacity: int
    refill_rate: float


@dataclass(slots=True)
class BucketState:
    """What is left of a rate: of each bucket, filled at a moment, and the day and count of each day's limit."""

    filled_at: float
    remaining: list[float]
    daily_counts: list[list[int]] = field(default_factory=list)


class RateLimiter:
    """Counts the requests of every rate by a plan of the manifest; safe to share among threads.

    Raises UsageError for a plan that the manifest has not.
    """

    def __init__(self, connector: Connector, plan: str) -> None:
        rate_settings = connector.manifest.rates
        if plan not in rate_settings.plans:
            plan_names = ", ".join(rate_settings.plans) or "none"
            hint = f"It has {plan_names}.{did_you_mean(plan, rate_settings.plans)}"
            raise UsageError(f"{connector.name} has no plan {plan!r}.", hint=hint)
        self._quota_locations = {name: quota.by for name, quota in rate_settings.quotas.items()}
        self._rates = {
            name: (rate, _build_buckets(rate))
            for name, rate in rate_limit.build_rate_table(rate_settings, plan).items()
        }
        self._states: dict[str, BucketState] = {}
        self._lock = threading.Lock()

    def check_request(self, action: Action, values: tuple[str, ...], now: float) -> Pairs | None:
        """Count a request with these values of its path; return the headers of its refusal when it is one too many."""
        path_values = {f"path.{name}": value for name, value in zip(action.path_names, values, strict=False)}
        applicable: list[tuple[str, str]] = []
        for name in action.rate_names:
            value = path_values.get(self._quota_locations.get(name, ""))
            if name in self._rates and (name not in self._quota_locations or value is not None):
                applicable.append((name, name if value is None else f"{name}:{value}"))
        with self._lock:
            for name, key in applicable:
                if headers := self._find_violation(name, self._refill(name, key, now), now):
                    return headers
            for name, key in applicable:
                self._count_request(name, self._states[key], now)
        return None

    def _refill(self, name: str, key: str, now: float) -> BucketState:
        rate, buckets = self._rates[name]
        state = self._states.setdefault(
            key, BucketState(now, [float(bucket.capacity) for bucket in buckets], [[0, 0] for _ in rate.daily_limits])
        )
        elapsed = max(0.0, now - state.filled_at)
        state.remaining = [
            min(bucket.capacity, tokens + elapsed * bucket.refill_rate)
            for bucket, tokens in zip(buckets, state.remaining, strict=True)
        ]
        state.filled_at = now
        return state

    def _find_violation(self, name: str, state: BucketState, now: float) -> Pairs | None:
        rate, buckets = self._rates[name]
        for limit, (day, count) in zip(rate.daily_limits, state.daily_counts, strict=True):
            if day == limit.day_number(now) and count >= limit.max_requests:
                return _build_headers(name, "Daily-limit", limit.max_requests, _build_retry_after(limit, day))
        for bucket, tokens in zip(buckets, state.remaining, strict=True):
            if tokens < 1:
                reset = str(math.ceil(now + (1 - tokens) / bucket.refill_rate))
                return _build_headers(name, "QPS", bucket.capacity, ("x-ratelimit-reset", reset))
        return None

    def _count_request(self, name: str, state: BucketState, now: float) -> None:
        state.remaining = [tokens - 1 for tokens in state.remaining]
        for limit, daily_count in zip(self._rates[name][0].daily_limits, state.daily_counts, strict=True):
            day = limit.day_number(now)
            daily_count[:] = [day, daily_count[1] + 1 if day == daily_count[0] else 1]


def _build_buckets(rate: RateLimit) -> list[Bucket]:
    buckets = [
        Bucket(window.max_requests, window.max_requests / window.seconds * SAFETY_FACTOR) for window in rate.windows
    ]
    refill_rate = SAFETY_FACTOR / rate.gap if rate.gap else 0.0
    return [*buckets, Bucket(max(1, round(refill_rate)), refill_rate)] if refill_rate else buckets


def _build_retry_after(limit: DailyLimit, day: int) -> tuple[str, str]:
    return "retry-after", f"{retry_after.to_utc_datetime(limit.end_of_day(day)):%Y-%m-%dT%H:%M:%SZ}"


def _build_headers(name: str, kind: str, limit: int, reset_header: tuple[str, str]) -> Pairs:
    category = ("x-ratelimit-category", name.capitalize())
    return (
        category,
        ("x-ratelimit-type", kind),
        ("x-ratelimit-limit", str(limit)),
        ("x-ratelimit-remaining", "0"),
        reset_header,
    )
