"""Slots of a service's rates: when each next request may go, and what replies say about that.

Pure: `now` is epoch seconds. A limit by the second is kept by slots that lie evenly, one by the minute or hour by
remembering the slots of that time, so that it may be used at once; one by the day is a count that begins anew.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from connector.core.response import retry_after as waits
from connector.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.response.parser import Reply
    from connector.definition.manifest import Rates

DAY = 86_400.0
MARGIN = 1.015  # slots are this much farther apart than the limit asks: requests arrive less evenly than they leave
GRAINS = 100  # what of a long limit is remembered, however large it is
SET_BACK = 60.0  # seconds; calls that began together may see the time this far apart
COARSE = 2.0  # seconds; a reset nearer than that is the end of a second, told in whole seconds
_LIMIT = re.compile(r"(?<![0-9])([1-9][0-9]*)/([1-9][0-9]*)?(s|min|h|day)", re.ASCII)
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": DAY}


class Window(NamedTuple):
    """So many requests in any stretch of so many seconds; those of a grain are remembered as one."""

    most: int
    seconds: float
    grain: int


class Count(NamedTuple):
    """So many requests a day, which begins at a second of the UTC day."""

    most: int
    reset: float

    def day(self, at: float) -> int:
        """Return the number of the day at a moment."""
        return int((at - self.reset) // DAY)

    def ends(self, day: int) -> float:
        """Return the moment at which a day ends."""
        return (day + 1) * DAY + self.reset


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate such as `30/s 30000/day`: the seconds between its slots, its longer limits and those by the day."""

    gap: float = 0.0
    windows: tuple[Window, ...] = ()
    days: tuple[Count, ...] = ()

    @classmethod
    def of(cls, text: str, reset: str | None = None, *, daily: bool = True) -> Rate:
        """Read a rate; `reset` is the time of day at which it counts anew; without `daily` its days are left out."""
        gap, windows, days = 0.0, [], []
        hour, minute = reset.rstrip("Z").split(":") if reset else ("0", "0")
        for count, many, unit in _LIMIT.findall(text):
            seconds = int(many or 1) * _UNITS[unit]
            if unit == "day":
                days.append(Count(int(count), int(hour) * 3600.0 + int(minute) * 60.0))
            elif seconds <= 1:
                gap = max(gap, seconds * MARGIN / int(count))
            else:
                windows.append(Window(int(count), seconds * MARGIN, -(-int(count) // GRAINS)))
        return cls(gap, tuple(windows), tuple(days) if daily else ())

    @property
    def plain(self) -> bool:
        """Whether it is nothing but a gap."""
        return not (self.windows or self.days)

    @property
    def speed(self) -> float:
        """How many requests a second it allows in the long run, days apart."""
        paces = [one.most / one.seconds for one in self.windows]
        return min([*paces, 1 / self.gap] if self.gap else paces, default=float("inf"))


@dataclass(slots=True)
class Line:
    """The slots of one rate that are taken; `free` is the first moment that the next may have.

    `closed` is until when the service takes nothing and `shut` when it said so; `slow` is the gap that it asked for
    until `slow_until`. `seen` is the latest moment it was asked. `logs` has the slots of each window, [moment, how
    many], `days` the number of a day and its count.
    """

    free: float = 0.0
    closed: float = 0.0
    shut: float = 0.0
    slow: float = 0.0
    slow_until: float = 0.0
    seen: float = 0.0
    logs: list[deque[list[float]]] = field(default_factory=list)
    days: list[list[int]] = field(default_factory=list)

    def next(self, rate: Rate, now: float) -> float:
        """Return the first moment that the next slot may have, its days apart."""
        if now < self.seen - SET_BACK:
            self._set_back(self.seen - now)
        self.seen = now
        at = max(now, self.free)
        for window, log in zip(rate.windows, self.logs, strict=False):
            if sum(many for _, many in log) >= window.most:
                at = max(at, log[0][0] + window.seconds)
        return at

    def step(self, gap: float, now: float, until: float) -> float | None:
        """Take the next slot of a rate that is nothing but a gap, in a third of the time; None leaves it undone."""
        at = self.free
        if now < at:
            if at >= until or now < self.seen - SET_BACK:
                return None
        else:
            at = now
        if self.slow:
            return None
        self.seen = now
        self.free = at + gap
        return at

    def full(self, rate: Rate, at: float) -> float | None:
        """Return when its count begins anew, if the day of a moment is used up."""
        ends = [
            limit.ends(day)
            for limit, (day, count) in zip(rate.days, self.days, strict=False)
            if limit.day(at) <= day and count >= limit.most
        ]
        return max(ends, default=None)

    def take(self, rate: Rate, at: float, now: float) -> None:
        """Take the slot at a moment."""
        gap = max(rate.gap, self.slow) if self.slow and now < self.slow_until else rate.gap
        self.free = at + gap
        if rate.windows:
            self._log(rate, at)
        if rate.days:
            self._count(rate, at)

    def _log(self, rate: Rate, at: float) -> None:
        self.logs += [deque() for _ in rate.windows[len(self.logs) :]]
        for window, log in zip(rate.windows, self.logs, strict=False):
            if log and log[-1][1] < window.grain:
                log[-1] = [at, log[-1][1] + 1]
            else:
                log.append([at, 1])
            known = sum(many for _, many in log)
            while known - log[0][1] >= window.most:
                known -= log.popleft()[1]

    def _count(self, rate: Rate, at: float) -> None:
        self.days += [[0, 0] for _ in rate.days[len(self.days) :]]
        for limit, counted in zip(rate.days, self.days, strict=False):
            day = limit.day(at)
            counted[:] = [day, 1] if day > counted[0] else [counted[0], counted[1] + 1]

    def close(self, until: float, now: float) -> None:
        """Let nothing through until a moment; who has taken a slot for later must take another."""
        if until <= self.closed + 1:
            return  # another reply to what was under way
        self.free = self.closed = until
        self.shut = now
        for log in self.logs:
            lost = 0.0
            while log and log[-1][0] > now:
                lost += log.pop()[1]
            if lost:  # they stand for as many that were used before the oldest known, and forgotten for them
                log.appendleft([log[0][0] if log else now, lost])

    def give_back(self) -> None:
        """Take a slot that was not used out of the counts of its day."""
        for counted in self.days:
            counted[1] -= 1

    def _set_back(self, seconds: float) -> None:
        """Follow a clock that was set back, so that nobody waits for the time that it says again."""
        self.free, self.closed, self.shut = self.free - seconds, self.closed - seconds, self.shut - seconds
        self.logs = []

    def ends(self, rate: Rate) -> float:
        """Return the moment from which on it says nothing."""
        logs = [log[-1][0] + one.seconds for one, log in zip(rate.windows, self.logs, strict=False) if log]
        days = [one.ends(day) for one, (day, _) in zip(rate.days, self.days, strict=False)]
        return max(self.free, self.slow_until, *logs, *days)


class Asked(NamedTuple):
    """A rate that a request needs a slot of: its name, what it allows, what is taken of it."""

    name: str
    rate: Rate
    line: Line


def acquire(asked: Sequence[Asked], now: float, until: float) -> float | RateLimited:
    """Take a slot of each rate and return the latest of them, or the error of one that is not to be had in time.

    Each rate gives its own next slot, so that one which is far behind holds nobody else up. Nothing is taken when
    there is an error. A day that is used up is never waited for.
    """
    slots = [line.next(rate, now) for _, rate, line in asked]
    at = max(slots)
    for name, rate, line in asked:
        if rate.days and (anew := line.full(rate, at)):
            return _refused(f"The daily budget of {_kind(name)} is used up.", anew)
    if at >= until and at > now:
        return _late(asked[slots.index(at)], at, now)
    for (_, rate, line), slot in zip(asked, slots, strict=True):
        line.take(rate, slot, now)
    return at


def again(asked: Sequence[Asked], since: float, now: float, until: float) -> float | RateLimited:
    """Return `now` when the slots that were taken at a moment are good, else as `acquire`: they were closed since."""
    if all(line.shut < since for _, _, line in asked):
        return now
    for _, _, line in asked:
        line.give_back()
    return acquire(asked, now, until)


def _late(asked: Asked, at: float, now: float) -> RateLimited:
    if asked.line.closed > now:
        return _refused(f"The service has closed {_kind(asked.name)} for a while.", at)
    return _refused(f"The rate budget has no slot of {_kind(asked.name)} before the call's deadline.", at)


def _kind(name: str) -> str:
    """Return the name of a rate without the value that a cap counts by."""
    return name.partition(":")[0]


def _refused(message: str, at: float) -> RateLimited:
    when = waits.moment(at)
    hint = f"Call again at {when:%Y-%m-%d %H:%M:%S} UTC."
    return RateLimited(message, message=message, hint=hint, retry_at=when, outcome="not_sent")


class Heard(NamedTuple):
    """What a reply says about a rate: closed until a moment, and the gap of a smaller limit by the second."""

    closed: float | None = None
    gap: float | None = None


def hear(reply: Reply, now: float) -> Heard | None:
    """Return what a reply says about the rate of its request: a 429, or headers that name limits; else None."""
    said = {name: value for name, value in reply.headers if name.startswith("x-ratelimit-")}
    refuses = reply.status == 429  # noqa: PLR2004
    if not (refuses or said):
        return None
    kind, limit = said.get("x-ratelimit-type", "").lower(), said.get("x-ratelimit-limit", "")
    gap = MARGIN / int(limit) if kind == "qps" and re.fullmatch(r"[1-9][0-9]{0,6}", limit, re.ASCII) else None
    at = waits.at(reply, now)
    if refuses and at is None and "daily" in kind:
        at = waits.next_midnight(now)
    spent = said.get("x-ratelimit-remaining") == "0" and at is not None and at > now + COARSE
    closed = min(at, now + DAY) if at is not None and (refuses or spent) else None
    return Heard(closed, gap) if closed or gap else None


def correct(asked: Sequence[Asked], heard: Heard, now: float) -> None:
    """Apply what a reply says to the rates of its request.

    A long wait is that of the request's caps where it has any, such as one user's day; a short one is of its tiers.
    """
    caps = [one for one in asked if one.name.find(":") > 0]
    tiers = [one for one in asked if one not in caps]
    if heard.closed is not None:
        far = heard.closed > now + 60
        for one in caps if far and caps else tiers:
            one.line.close(heard.closed, now)
    for one in tiers if heard.gap else ():
        if heard.gap and heard.gap > one.rate.gap > 0:
            one.line.slow, one.line.slow_until = heard.gap, now + DAY


def table(declared: Rates, plan: str | None) -> dict[str, Rate]:
    """Return every rate by its name, tiers and caps.

    With no plan the most generous tier of any plan holds, days apart: nobody is held back whom the service would take.
    """
    found: dict[str, Rate] = {}
    for name in (plan,) if plan is not None else declared.plans:
        for tier, text in declared.plans[name].items():
            rate = Rate.of(text, daily=plan is not None)
            if tier not in found or rate.speed > found[tier].speed:
                found[tier] = rate
    return found | {name: Rate.of(cap.limit, cap.reset) for name, cap in declared.caps.items()}
