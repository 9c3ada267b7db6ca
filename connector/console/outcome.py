"""What came of a call, kept in memory for the page that shows it."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.console.recent import Recent
from connector.first_use import dataclass
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from connector.core.response.result import Result
    from connector.errors import ConnectorError

_MAX_KEPT = 30  # outcomes; each may be a listing
_SECOND_CLICK = 1.0  # seconds after a call has ended, in which nobody means the same call again


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """A call that was made: its action and inputs, the texts of its form, and the result or the error.

    `run_id` is that of the log of runs, where there is one.
    """

    action: str
    given: Mapping[str, Any]
    entered: Mapping[str, Sequence[str]]
    connection: str
    result: Result | None = None
    error: ConnectorError | None = None
    run_id: str | None = None


@dataclass(slots=True, repr=False)
class _Sending:
    """A call under way, or just ended; its `key` is that of the outcome."""

    key: Future[str] = field(default_factory=Future)
    forgotten_at: float = float("inf")


class Outcomes:
    """The last outcomes, by an id that nobody guesses."""

    def __init__(self) -> None:
        self._sending: dict[Hashable, _Sending] = {}
        self._lock = ForkSafeLock()
        outcomes: Recent[Outcome] = Recent(_MAX_KEPT)
        self.keep, self.find = outcomes.keep, outcomes.find

    def make_once(self, call: Hashable, make: Callable[[], Outcome]) -> tuple[str, bool]:
        """Make a call, unless it is under way or has just ended: a second click is none of its own.

        Returns the id of the outcome, and whether it is that of the first click. Raises what `make` raises.
        """
        with self._lock:
            now = time.monotonic()
            self._sending = {one: sending for one, sending in self._sending.items() if now < sending.forgotten_at}
            first = self._sending.get(call)
            own = first or self._sending.setdefault(call, _Sending())
        if first is not None:
            return first.key.result(), True
        try:
            own.key.set_result(self.keep(make()))
        except BaseException as error:
            own.key.set_exception(error)
            raise
        finally:
            own.forgotten_at = time.monotonic() + _SECOND_CLICK
        return own.key.result(), False
