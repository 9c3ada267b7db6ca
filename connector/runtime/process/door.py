"""Through which door calls come, where their surroundings know it better than the program: the handler of an event."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_door: ContextVar[str | None] = ContextVar("connector_door", default=None)


@contextlib.contextmanager
def enter_door(name: str) -> Iterator[None]:
    """Let the calls of this context come through a door, also those of tasks and threads that are given the context."""
    token = _door.set(name)
    try:
        yield
    finally:
        _door.reset(token)


def find_door(default: str) -> str:
    """Return the door of the calls of this context."""
    return _door.get() or default
