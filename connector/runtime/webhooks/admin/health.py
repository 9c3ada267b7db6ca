"""Whether a receiver is alive, and whether it does what it is for: keep events, and have them delivered."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.errors import StoreError, UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from connector.runtime.webhooks.receiver import Receiver

MAX_WAITING_EVENTS = 10_000
MAX_LATENESS = 600.0  # seconds that an event may be due before its delivery begins
FAILURE_SECONDS = 600.0  # for which a delivery that was not kept is a reason, if no other one comes
LOOP_TIMEOUT = 2.0  # seconds that a living event loop takes to answer at most; a sender does not wait longer
CHECK_TIMEOUT = 5.0  # seconds for all checks
_REUSE_SECONDS = 1.0  # for which an answer is given again, so that many who ask cost as much as one


@dataclass(frozen=True, slots=True)
class ReadinessLimits:
    """When a receiver is not ready: more events wait than `max_waiting`, or one is due since `max_lateness` seconds.

    Raises UsageError for a number below 1.
    """

    max_waiting: int = MAX_WAITING_EVENTS
    max_lateness: float = MAX_LATENESS

    def __post_init__(self) -> None:
        for name in ("max_waiting", "max_lateness"):
            if not getattr(self, name) >= 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}; expected at least 1.")


class Reason(NamedTuple):
    """Why a receiver is not ready: the source of events, what was checked, and what is wrong."""

    source: str
    check: str
    message: str


class Health:
    """The state of a process with receivers, which another thread reads; `is_stopping` says that it was told to end."""

    def __init__(
        self, receivers: Collection[Receiver], limits: ReadinessLimits, is_stopping: Callable[[], bool]
    ) -> None:
        self.receivers = sorted(set(receivers), key=lambda receiver: receiver.source.name)
        self._limits, self._is_stopping = limits, is_stopping
        self._loop: asyncio.AbstractEventLoop | None = None
        self._checking: asyncio.Future[list[Reason]] | None = None
        self._checked_at = float("-inf")

    def start(self) -> None:
        """Note that the receivers accept deliveries; called in their event loop."""
        self._loop = asyncio.get_running_loop()

    async def is_alive(self) -> bool:
        """Whether the receivers' event loop answers. One that has not begun, or has ended, is not stuck."""
        if self._loop is None:
            return True
        try:
            answer = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop)
        except RuntimeError:  # closed: the process is about to end
            return True
        try:
            await asyncio.wait_for(asyncio.wrap_future(answer), LOOP_TIMEOUT)
        except TimeoutError:
            return self._loop.is_closed()
        return True

    async def find_reasons(self) -> list[Reason]:
        """Return why the receivers are not ready; an empty list says that they are."""
        if self._is_stopping():
            return [Reason("", "process", "The receiver is stopping.")]
        if self._loop is None:
            return [Reason("", "process", "The receiver is starting.")]
        if not await self.is_alive():
            return [Reason("", "process", f"The event loop did not answer within {LOOP_TIMEOUT:g} s.")]
        if self._checking is None or (self._checking.done() and time.monotonic() - self._checked_at >= _REUSE_SECONDS):
            self._checking = asyncio.ensure_future(asyncio.to_thread(self._check_receivers))
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(self._checking), CHECK_TIMEOUT)
        return [Reason("", "inbox", f"The inbox did not answer within {CHECK_TIMEOUT:g} s.")]

    def _check_receivers(self) -> list[Reason]:
        reasons = [reason for receiver in self.receivers for reason in self._check_receiver(receiver)]
        self._checked_at = time.monotonic()
        return reasons

    def _check_receiver(self, receiver: Receiver) -> list[Reason]:
        """Return what is wrong with one receiver.

        Its inbox is tried by a commit that changes nothing. A disk that is nearly full may take that and no event, so
        the last delivery counts as well, until another one is kept, or for as long as a sender may take to come again.
        """
        name, inbox = receiver.source.name, receiver.inbox
        try:
            inbox.claim(name, receiver.source.hosts)
            backlog = inbox.read_backlog(name)
        except (StoreError, UsageError) as error:
            return [Reason(name, "inbox", str(error))]
        reasons = []
        failure = receiver.last_failure
        if failure is not None and inbox.clock.time() - failure[1] < FAILURE_SECONDS:
            reasons.append(Reason(name, "inbox", f"The last delivery was not kept: {failure[0]}"))
        if receiver.handlers and (receiver.dispatcher is None or not receiver.dispatcher.deliverer):
            reasons.append(Reason(name, "delivery", "No process has the lock of the inbox, so none delivers."))
        if backlog.pending > self._limits.max_waiting:
            message = f"{backlog.pending} events wait to be delivered; the limit is {self._limits.max_waiting}."
            reasons.append(Reason(name, "backlog", message))
        late = 0.0 if backlog.due_since is None else inbox.clock.time() - backlog.due_since
        if late > self._limits.max_lateness:
            message = f"An event is due since {late:.0f} s; the limit is {self._limits.max_lateness:g} s."
            reasons.append(Reason(name, "lateness", message))
        return reasons


def format_reasons(reasons: list[Reason]) -> dict[str, Any]:
    """Return the answer to whoever asks whether the receivers are ready."""
    shown = [{name: value for name, value in reason._asdict().items() if value} for reason in reasons]
    return {"ready": not reasons, "reasons": shown}
