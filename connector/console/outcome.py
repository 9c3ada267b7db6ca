"""What came of a call, kept in memory for the page that shows it."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.response.result import Result
    from connector.errors import ConnectorError

_MAX_KEPT = 30  # outcomes; each may be a listing


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
class Outcomes:
    """The last outcomes, by an id that nobody guesses."""

    _kept: OrderedDict[str, Outcome] = field(default_factory=OrderedDict)
    _lock: ForkSafeLock = field(default_factory=ForkSafeLock)

    def keep(self, outcome: Outcome) -> str:
        """Keep an outcome, and return its id."""
        key = secrets.token_urlsafe(12)
        with self._lock:
            self._kept[key] = outcome
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        return key

    def find(self, key: str) -> Outcome | None:
        """Return an outcome that is kept, or None."""
        with self._lock:
            return self._kept.get(key)
