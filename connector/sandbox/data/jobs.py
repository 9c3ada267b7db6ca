"""Jobs that take a while: who asks for one gets that it is pending once, then that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at_path, has_path, set_at_path
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.definition.action import Action
    from connector.definition.replies.job import Poll

_PENDING = "pending"  # where the reply to the start does not say what a job is before it is done
_ASKED_BEFORE_DONE = 1
_MAX_JOBS = 10_000


class Jobs:
    """The jobs that were asked for; those of one sandbox, as long as it runs."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._starts = {action.poll.action: action for action in actions if action.poll is not None}
        self._asked: dict[tuple[str, str], int] = {}
        self._lock = ForkSafeLock()

    def play(self, action: Action | None, target: str, data: Any) -> Any:
        """Return the reply to a request of `target`; where it asks for a job, with the state that it has by now."""
        start = self._starts.get(action.action) if action is not None else None
        if start is None or start.poll is None or not isinstance(data, dict):
            return data
        return (
            _set_done(start.poll, data) if self._is_done(start.poll, target) else _set_pending(start, start.poll, data)
        )

    def _is_done(self, words: Poll, target: str) -> bool:
        key = words.action, target
        with self._lock:
            asked = self._asked.get(key, 0)
            if len(self._asked) < _MAX_JOBS:
                self._asked[key] = asked + 1
        return asked >= _ASKED_BEFORE_DONE


def _set_done(words: Poll, data: dict[str, Any]) -> Any:
    path, values = next(iter(words.until.items()))
    return data if get_at_path(data, path) in values else set_at_path(data, path, values[0])


def _set_pending(start: Action, words: Poll, data: Any) -> Any:
    """Return the data with each field that says that a job is over as the start's example has it."""
    for path in {**words.until, **words.failed}:
        over = [*words.until.get(path, ()), *words.failed.get(path, ())]
        value = get_at_path(start.returns.example, path)
        if not has_path(start.returns.example, path) or value in over:
            value = _PENDING if isinstance(over[0], str) else None
        data = set_at_path(data, path, value)
    return data
