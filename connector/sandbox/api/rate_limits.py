"""The rates that the stand-in keeps: it refuses what a plan of the service would, with the headers of rate limits."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from connector.core import rate_limit as rates
from connector.core.rate_limit import MARGIN, Count, Rate
from connector.core.response import retry_after as waits
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.core.request.builder import Pairs
    from connector.definition.action import Action
    from connector.definition.loader import Connector


class Bucket(NamedTuple):
    """So many at once, refilled at so many a second."""

    size: int
    speed: float


@dataclass(slots=True)
class Held:
    """What is left of a rate: of each bucket, filled at a moment, and the day and count of each day's limit."""

    at: float
    left: list[float]
    days: list[list[int]] = field(default_factory=list)


class Rates:
    """Counts the requests of every rate by a plan of the manifest; safe to share among threads.

    Raises UsageError for a plan that the manifest has not.
    """

    def __init__(self, connector: Connector, plan: str) -> None:
        declared = connector.manifest.rates
        if plan not in declared.plans:
            known = ", ".join(declared.plans) or "none"
            hint = f"It has {known}.{did_you_mean(plan, declared.plans)}"
            raise UsageError(f"{connector.name} has no plan {plan!r}.", hint=hint)
        self._caps = {name: cap.by for name, cap in declared.caps.items()}
        self._table = {name: (rate, _buckets(rate)) for name, rate in rates.table(declared, plan).items()}
        self._held: dict[str, Held] = {}
        self._gate = threading.Lock()

    def exceeded(self, action: Action, values: tuple[str, ...], now: float) -> Pairs | None:
        """Count a request with these values of its path; return the headers of its refusal when it is one too many."""
        places = {f"path.{name}": value for name, value in zip(action.path_names, values, strict=False)}
        asked: list[tuple[str, str]] = []
        for name in action.rates:
            value = places.get(self._caps.get(name, ""))
            if name in self._table and (name not in self._caps or value is not None):
                asked.append((name, name if value is None else f"{name}:{value}"))
        with self._gate:
            for name, key in asked:
                if refused := self._refused(name, self._filled(name, key, now), now):
                    return refused
            for name, key in asked:
                self._take(name, self._held[key], now)
        return None

    def _filled(self, name: str, key: str, now: float) -> Held:
        rate, buckets = self._table[name]
        held = self._held.setdefault(key, Held(now, [float(one.size) for one in buckets], [[0, 0] for _ in rate.days]))
        passed = max(0.0, now - held.at)
        held.left = [min(one.size, left + passed * one.speed) for one, left in zip(buckets, held.left, strict=True)]
        held.at = now
        return held

    def _refused(self, name: str, held: Held, now: float) -> Pairs | None:
        rate, buckets = self._table[name]
        for limit, (day, count) in zip(rate.days, held.days, strict=True):
            if day == limit.day(now) and count >= limit.most:
                return _headers(name, "Daily-limit", limit.most, _until(limit, day))
        for bucket, left in zip(buckets, held.left, strict=True):
            if left < 1:
                reset = str(math.ceil(now + (1 - left) / bucket.speed))
                return _headers(name, "QPS", bucket.size, ("x-ratelimit-reset", reset))
        return None

    def _take(self, name: str, held: Held, now: float) -> None:
        held.left = [left - 1 for left in held.left]
        for limit, counted in zip(self._table[name][0].days, held.days, strict=True):
            day = limit.day(now)
            counted[:] = [day, counted[1] + 1 if day == counted[0] else 1]


def _buckets(rate: Rate) -> list[Bucket]:
    found = [Bucket(one.most, one.most / one.seconds * MARGIN) for one in rate.windows]
    speed = MARGIN / rate.gap if rate.gap else 0.0
    return [*found, Bucket(max(1, round(speed)), speed)] if speed else found


def _until(limit: Count, day: int) -> tuple[str, str]:
    return "retry-after", f"{waits.moment(limit.ends(day)):%Y-%m-%dT%H:%M:%SZ}"


def _headers(name: str, kind: str, limit: int, when: tuple[str, str]) -> Pairs:
    category = ("x-ratelimit-category", name.capitalize())
    return (
        category,
        ("x-ratelimit-type", kind),
        ("x-ratelimit-limit", str(limit)),
        ("x-ratelimit-remaining", "0"),
        when,
    )
