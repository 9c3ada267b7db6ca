"""What no machine is too slow or too busy for: work is counted instead of timed, and a wait has a guard against hanging."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

WIDE = 20.0  # seconds; ends what takes well under one, before anything else would end it
PATIENCE = 180.0  # seconds, for all that nothing else would end; a busy machine takes a minute to start an engine


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


async def wait_for(is_true: Callable[[], Any], *, wake: Callable[[], None] | None = None) -> None:
    """Wait for a condition in a loop; `wake` is called meanwhile."""
    end = time.monotonic() + PATIENCE
    while not is_true():
        assert time.monotonic() < end, "it never came true"
        if wake is not None:
            wake()
        await asyncio.sleep(0.002)


def wait_until(is_true: Callable[[], Any]) -> None:
    """Wait for a condition in a thread."""
    end = time.monotonic() + PATIENCE
    while not is_true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)
