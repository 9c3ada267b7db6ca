"""Work that is counted instead of timed: neither a slow machine nor a busy one changes it."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Work:
    """The calls of Python functions that were made so far."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _frame: FrameType, event: str, _argument: object) -> None:
        """Take note of what the interpreter does."""
        self.calls += event == "call"


@contextlib.contextmanager
def counted(*, threads: bool = False) -> Iterator[Work]:
    """Count the work of this thread within the block; with `threads`, also that of the threads that begin in it."""
    work, before, before_of_threads = Work(), sys.getprofile(), threading.getprofile()
    if threads:
        threading.setprofile(work)
    sys.setprofile(work)
    try:
        yield work
    finally:
        sys.setprofile(before)
        threading.setprofile(before_of_threads)
