"""The part of a journal that belongs to one step of a chain."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.core.chain.steps import StepCalls
    from connector.runtime.bulk.journal import Journal


class StepJournal:
    """Records the calls of one step; its results say which call they are of."""

    def __init__(self, journal: Journal, calls: StepCalls) -> None:
        self.state = journal.state
        self._journal, self._calls = journal, calls

    def iter_results(self, **_: bool) -> Iterator[dict[str, Any]]:
        """Yield nothing: the chain knows its earlier results."""
        return iter(())

    def record_start(self, number: int, line: int, key: str | None, *, may_resend: bool) -> None:
        """Record durably that a call is about to be sent. Raises StoreError."""
        self._journal.record_start(number, line, key, may_resend=may_resend)

    def record_result(self, result: Mapping[str, Any]) -> None:
        """Record the result of a call, with its name and its digest. Raises StoreError."""
        number = result["row"]
        step = self._calls.describe(number)
        self._journal.record_result({**result, "step": step, "call": compute_digest(self._calls, number)})

    def record_revert(self, number: int) -> None:
        """Record that a call was not sent after all. Raises StoreError."""
        self._journal.record_revert(number)


def compute_digest(calls: StepCalls, number: int) -> str:
    """Return what tells whether a recorded call is the one that would be made now."""
    call = [calls.step.action, calls.given[number - calls.first]]
    return hashlib.sha256(json.dumps(call, sort_keys=True, default=str).encode()).hexdigest()[:32]
