"""Work that is counted instead of timed: neither a slow machine nor a busy one changes it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Work:
    """The calls of Python functions that one thread has made so far."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _frame: FrameType, event: str, _argument: object) -> None:
        """Take note of what the interpreter does."""
        self.calls += event == "call"


@contextlib.contextmanager
def counted() -> Iterator[Work]:
    """Count the work of this thread within the block."""
    work, before = Work(), sys.getprofile()
    sys.setprofile(work)
    try:
        yield work
    finally:
        sys.setprofile(before)
