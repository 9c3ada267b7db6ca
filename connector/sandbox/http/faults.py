"""Faults on request: what goes wrong, and how often."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

KNOWN = (
    "429[:times]", "5xx[:times], such as 503:2", "drop-reply[:times]", "refuse[:times]", "expire-token[:times]",
    "html[:times]", "slow[:seconds]", "cursor-loop",
    "drop-token-reply[:times]", "token-5xx[:times]", "invalid-grant[:times]", "slow-token[:seconds]",
)  # fmt: skip
_COUNTED = ("drop-reply", "refuse", "expire-token", "html", "drop-token-reply", "token-5xx", "invalid-grant")
_OF_TOKENS = ("drop-token-reply", "token-5xx", "invalid-grant", "slow-token")
_SLOW = 3.0  # seconds
_TEXT = re.compile(r"(?P<kind>429|5[0-9]{2}|token-5xx|[a-z-]+)(?::(?P<much>[0-9]{1,6}(?:\.[0-9]{1,3})?))?\Z", re.ASCII)

Place = Literal["api", "token"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, how many requests it meets (0: all), the status it answers, the seconds it takes.

    `place` says which requests: those to the API, or those for a token.
    """

    kind: str
    times: int = 1
    status: int = 0
    seconds: float = 0.0
    place: Place = "api"


def parse(text: str) -> Fault:
    """Read a fault such as `429:3`, `drop-reply` or `slow:2`. Raises UsageError listing the known ones."""
    match = _TEXT.match(text.strip())
    kind, much = (match["kind"], match["much"]) if match else ("", None)
    whole = much is None or (much.isdigit() and int(much) > 0)
    place: Place = "token" if kind in _OF_TOKENS else "api"
    if kind in ("slow", "slow-token") and (much is None or float(much) > 0):
        return Fault(kind, 0, seconds=float(much or _SLOW), place=place)
    if kind == "cursor-loop" and much is None:
        return Fault("cursor-loop", 0)
    if kind in _COUNTED and whole:
        return Fault(kind, int(much or 1), place=place)
    if kind.isdigit() and whole:
        return Fault("status", int(much or 1), status=int(kind))
    raise UsageError(f"The fault {text!r} is not known.", hint=f"The faults are {'; '.join(KNOWN)}.")


class Armed:
    """The faults of one service, each with how often it is still to come; safe to share among threads."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._held = held = tuple(faults)
        self._counted = [fault for fault in held if fault.times]
        self._left = [fault.times for fault in self._counted]
        self._lock = threading.Lock()
        self.loops = any(fault.kind == "cursor-loop" for fault in held)

    def take(self, place: Place = "api") -> Fault | None:
        """Return the fault that the next request to a place meets, in the order they were named, or None."""
        with self._lock:
            for number, fault in enumerate(self._counted):
                if self._left[number] and fault.place == place:
                    self._left[number] -= 1
                    return fault
        return None

    def delay(self, place: Place = "api") -> float:
        """Return the seconds that an answer of a place takes."""
        return sum(fault.seconds for fault in self._held if fault.place == place)
