"""Fault injection: parse fault texts, and decide which request fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from connector.definition.suggest import did_you_mean
from connector.errors import UsageError
from connector.first_use import dataclass, prepare_pattern
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Iterable

_SYNTAX = (
    "429[:times]; 5xx[:times], such as 503:2; drop-reply[:times]; refuse[:times]; expire-token[:times]; html[:times]; "
    "slow[:seconds]; cursor-loop; drop-token-reply[:times]; token-5xx[:times]; invalid-grant[:times]; "
    "slow-token[:seconds]"
)
_COUNTED_KINDS = ("drop-reply", "refuse", "expire-token", "html", "drop-token-reply", "token-5xx", "invalid-grant")
_TOKEN_KINDS = ("drop-token-reply", "token-5xx", "invalid-grant", "slow-token")
_NAMES = (*_COUNTED_KINDS, "slow", "slow-token", "cursor-loop")
_DEFAULT_DELAY = 3.0  # seconds
_FAULT_PATTERN = prepare_pattern(
    r"(?P<kind>429|5[0-9]{2}|token-5xx|[a-z-]+)(?::(?P<amount>[0-9]{1,6}(?:\.[0-9]{1,3})?))?\Z", re.ASCII
)

FaultTarget = Literal["api", "token"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: kind, number of affected requests (0: all), response status, delay in seconds.

    `target` selects the requests: those to the API, or those to the token endpoint.
    """

    kind: str
    times: int = 1
    status: int = 0
    seconds: float = 0.0
    target: FaultTarget = "api"


def parse_fault(text: str) -> Fault:
    """Parse a fault such as `429:3`, `drop-reply` or `slow:2`. Raises UsageError listing the known faults."""
    match = _FAULT_PATTERN.match(text.strip())
    kind, amount = (match["kind"], match["amount"]) if match else ("", None)
    is_count = amount is None or (amount.isdigit() and int(amount) > 0)
    target: FaultTarget = "token" if kind in _TOKEN_KINDS else "api"
    if kind in ("slow", "slow-token") and (amount is None or float(amount) > 0):
        return Fault(kind, 0, seconds=float(amount or _DEFAULT_DELAY), target=target)
    if kind == "cursor-loop" and amount is None:
        return Fault("cursor-loop", 0)
    if kind in _COUNTED_KINDS and is_count:
        return Fault(kind, int(amount or 1), target=target)
    if kind.isdigit() and is_count:
        return Fault("status", int(amount or 1), status=int(kind))
    meant = did_you_mean(kind or text, _NAMES)
    raise UsageError(f"Unknown fault {text!r}.{meant}", hint=f"Use one of: {_SYNTAX}.")


class FaultInjector:
    """Hands out the faults of one service, and counts how often each remains. Thread-safe."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults: list[Fault] = []
        self._remaining: list[int] = []
        self._lock = ForkSafeLock()
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Add a fault behind the others."""
        with self._lock:
            self._faults.append(fault)
            self._remaining.append(fault.times)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults, self._remaining = [], []

    @property
    def has_cursor_loop(self) -> bool:
        """Whether lists return the same cursor again and again."""
        return any(fault.kind == "cursor-loop" for fault in self._faults)

    def take_next_fault(self, target: FaultTarget = "api") -> Fault | None:
        """Return the fault for the next request to a target, in order, or None."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if self._remaining[index] and fault.target == target:
                    self._remaining[index] -= 1
                    return fault
        return None

    def get_delay(self, target: FaultTarget = "api") -> float:
        """Return the delay of a response, in seconds."""
        return sum(fault.seconds for fault in self._faults if fault.target == target)
