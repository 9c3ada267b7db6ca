"""The Clock protocol and the system clock; a close or Ctrl-C can end their waits."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Clock(Protocol):
    """Time, waiting and jitter, which a test can replace."""

    def time(self) -> float:
        """Return epoch seconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        ...

    def jitter(self) -> float:
        """Return a number from 0 up to 1."""
        ...

    def wait_or_stop(self, seconds: float, stop_event: threading.Event) -> None:
        """Wait for seconds, or until the event is set."""

    async def sleep(self, seconds: float) -> None:
        """Wait for seconds in a task."""


class SystemClock:
    """The system's clock."""

    def time(self) -> float:
        """Return epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()

    def jitter(self) -> float:
        """Return a random number from 0 up to 1."""
        return random.random()  # noqa: S311  jitter needs no secure randomness

    def wait_or_stop(self, seconds: float, stop_event: threading.Event) -> None:
        """Wait for seconds, or until the event is set."""
        stop_event.wait(seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait for seconds in a task."""
        import asyncio

        await asyncio.sleep(seconds)
