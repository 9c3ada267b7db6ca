"""The clock of a client: what time it is, and waiting that a close or a Ctrl-C can end."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Clock(Protocol):
    """What a client asks of time; a test gives its own."""

    def time(self) -> float:
        """Return epoch seconds."""

    def monotonic(self) -> float:
        """Return seconds that only move forward."""

    def jitter(self) -> float:
        """Return a number from 0 up to 1."""

    def wait_or_stop(self, seconds: float, stop_event: threading.Event) -> None:
        """Wait, or until stopped."""

    async def sleep(self, seconds: float) -> None:
        """Wait in a task."""


class SystemClock:
    """The machine's clock."""

    def time(self) -> float:
        """Return epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that only move forward."""
        return time.monotonic()

    def jitter(self) -> float:
        """Return a random number from 0 up to 1."""
        return random.random()  # noqa: S311  jitter spreads callers; it guards nothing

    def wait_or_stop(self, seconds: float, stop_event: threading.Event) -> None:
        """Wait, or until stopped."""
        stop_event.wait(seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait in a task."""
        import asyncio  # noqa: PLC0415  a program without tasks need not load it

        await asyncio.sleep(seconds)
