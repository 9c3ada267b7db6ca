"""Enforce the rate limits of a plan, and build the rate-limit headers of a 429."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from connector.core.rate_limit import SAFETY_FACTOR, RateLimit, RateState, build_rate_table
from connector.core.response.retry_after import to_utc_datetime
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from connector.core.request.builder import Pairs
    from connector.definition.action import Action
    from connector.definition.loader import Connector

_TOLERANCE = 1e-3  # seconds; absorbs rounding


class RateLimiter:
    """Counts requests against the rates of one plan of the manifest. Thread-safe.

    Raises UsageError for an unknown plan.
    """

    def __init__(self, connector: Connector, plan: str) -> None:
        rate_settings = connector.manifest.rates
        if plan not in rate_settings.plans:
            plan_names = ", ".join(rate_settings.plans) or "none"
            hint = f"It has {plan_names}.{did_you_mean(plan, rate_settings.plans)}"
            raise UsageError(f"{connector.name} has no plan {plan!r}.", hint=hint)
        self._quota_locations = {name: quota.by for name, quota in rate_settings.quotas.items()}
        self._rates = {name: _without_margin(rate) for name, rate in build_rate_table(rate_settings, plan).items()}
        self._states: dict[str, RateState] = {}
        self._lock = ForkSafeLock()

    def check_request(self, action: Action, values: tuple[str, ...], now: float) -> Pairs | None:
        """Count a request; return the headers of a 429 when it exceeds a limit."""
        path_values = {f"path.{name}": value for name, value in zip(action.path_names, values, strict=False)}
        with self._lock:
            slots: list[tuple[RateLimit, RateState, float]] = []
            for name in action.rate_names:
                value = path_values.get(self._quota_locations.get(name, ""))
                if name not in self._rates or (name in self._quota_locations and value is None):
                    continue
                key = name if value is None else f"{name}:{value}"
                rate, state = self._rates[name], self._states.setdefault(key, RateState())
                slot = state.next_slot(rate, now, action.weight)
                if headers := _find_violation(rate, state, (slot, action.weight), now):
                    return (("x-ratelimit-category", name.capitalize()), *headers)
                slots.append((rate, state, slot))
            for rate, state, slot in slots:
                state.take_slot(rate, slot, now, action.weight)
        return None


def _without_margin(rate: RateLimit) -> RateLimit:
    """Return a rate without the safety margin that clients keep."""
    windows = tuple(window._replace(seconds=window.seconds / SAFETY_FACTOR) for window in rate.windows)
    return replace(rate, gap=rate.gap / SAFETY_FACTOR, windows=windows)


def _find_violation(rate: RateLimit, state: RateState, taken: tuple[float, int], now: float) -> Pairs | None:
    """Return the headers of a 429 for a slot and a weight, or None. The requests of one second may be a burst."""
    slot, weight = taken
    for limit, (day, count) in zip(rate.daily_limits, state.daily_counts, strict=False):
        if day == limit.day_number(now) and count + weight > limit.max_requests:
            reset = f"{to_utc_datetime(limit.end_of_day(day)):%Y-%m-%dT%H:%M:%SZ}"
            return _build_headers("Daily-limit", limit.max_requests, ("retry-after", reset))
    if slot > max(now, state.next_free):
        max_requests, allowed_at = min(window.max_requests for window in rate.windows), slot
    else:
        max_requests = max(1, round(1 / rate.gap)) if rate.gap else 1
        allowed_at = slot - max(0, max_requests - weight) * rate.gap
    if allowed_at <= now + _TOLERANCE:
        return None
    return _build_headers("QPS", max_requests, ("x-ratelimit-reset", str(math.ceil(allowed_at))))


def _build_headers(kind: str, limit: int, reset_header: tuple[str, str]) -> Pairs:
    return (
        ("x-ratelimit-type", kind),
        ("x-ratelimit-limit", str(limit)),
        ("x-ratelimit-remaining", "0"),
        reset_header,
    )
