"""A clock for tests: it moves when somebody waits, or when it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

_NEW_YEAR_2026 = 1_767_225_600.0  # epoch seconds


class ManualClock:
    """A clock whose waits take no time: they move it on. `waits` are the seconds of each; `advance` moves it as well.

    `start` is in epoch seconds (default: the beginning of 2026). Pass the same clock to a Sandbox and to its clients,
    as `Sandbox.open_client` does.
    """

    def __init__(self, start: float | None = None) -> None:
        self.waits: list[float] = []
        self._start = _NEW_YEAR_2026 if start is None else start
        self._passed = 0.0

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._passed += seconds

    def time(self) -> float:
        """Return epoch seconds."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._passed

    def jitter(self) -> float:
        """Return 0: waits are as short as they may be."""
        return 0.0

    def wait_or_stop(self, seconds: float, stop_event: threading.Event) -> None:  # noqa: ARG002  nobody waits
        """Let the seconds of a wait pass."""
        self._pass_wait(seconds)

    async def sleep(self, seconds: float) -> None:
        """Let the seconds of a wait pass."""
        self._pass_wait(seconds)

    def _pass_wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(seconds)
