"""Faults on request: what goes wrong, and how often."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

KNOWN = (
    "429[:times]", "5xx[:times], such as 503:2", "drop-reply[:times]", "refuse[:times]", "expire-token[:times]",
    "html[:times]", "slow[:seconds]", "cursor-loop",
)  # fmt: skip
_COUNTED = ("drop-reply", "refuse", "expire-token", "html")
_SLOW = 3.0  # seconds
_TEXT = re.compile(r"(?P<kind>429|5[0-9]{2}|[a-z-]+)(?::(?P<much>[0-9]{1,6}(?:\.[0-9]{1,3})?))?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, how many requests it meets (0: all), the status it answers, the seconds it takes."""

    kind: str
    times: int = 1
    status: int = 0
    seconds: float = 0.0


def parse(text: str) -> Fault:
    """Read a fault such as `429:3`, `drop-reply` or `slow:2`. Raises UsageError listing the known ones."""
    match = _TEXT.match(text.strip())
    kind, much = (match["kind"], match["much"]) if match else ("", None)
    whole = much is None or (much.isdigit() and int(much) > 0)
    if kind == "slow" and (much is None or float(much) > 0):
        return Fault("slow", 0, seconds=float(much or _SLOW))
    if kind == "cursor-loop" and much is None:
        return Fault("cursor-loop", 0)
    if kind in _COUNTED and whole:
        return Fault(kind, int(much or 1))
    if kind.isdigit() and whole:
        return Fault("status", int(much or 1), status=int(kind))
    raise UsageError(f"The fault {text!r} is not known.", hint=f"The faults are {'; '.join(KNOWN)}.")


class Armed:
    """The faults of one service, each with how often it is still to come; safe to share among threads."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        held = tuple(faults)
        self._counted = [fault for fault in held if fault.times]
        self._left = [fault.times for fault in self._counted]
        self._lock = threading.Lock()
        self.delay = sum(fault.seconds for fault in held)
        self.loops = any(fault.kind == "cursor-loop" for fault in held)

    def take(self) -> Fault | None:
        """Return the fault that the next request meets, in the order they were named, or None."""
        with self._lock:
            for place, left in enumerate(self._left):
                if left:
                    self._left[place] = left - 1
                    return self._counted[place]
        return None
