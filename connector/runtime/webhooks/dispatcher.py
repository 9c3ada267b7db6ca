"""Delivering the events of an inbox: each reaches its handlers at least once, and is settled when they are done.

One process at a time delivers. What fails comes again, later each time, until it is set aside as dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from connector.errors import StoreError, UsageError, WebhookError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.webhook.signature import Scheme
    from connector.runtime.webhooks.handlers import Handlers
    from connector.runtime.webhooks.inbox import Inbox, Kept

AT_ONCE = 16
ATTEMPTS = 18  # with the pauses below: about a day and a half
PAUSE, LONGEST_PAUSE = 5.0, 6 * 3600.0  # seconds after the first failure, doubling each time
LOOK = 1.0  # seconds between two looks at an inbox that others fill too
FORGET = 600.0  # seconds between two looks for what is old
TIMEOUT = 300.0  # seconds that the handlers of an event may take
LAST = 0.5  # seconds that a handler has for what it does when it is cancelled
BEGUN = "Its process ended before its handler did."  # what is said of an event until another end of it is known
_MOST_DOUBLINGS = 30
_log = logging.getLogger("connector.webhook")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How events are delivered: how many at once, how often, for how many seconds; whether in order per subject.

    Raises UsageError for what is not more than nothing.
    """

    at_once: int = AT_ONCE
    attempts: int = ATTEMPTS
    timeout: float = TIMEOUT
    ordered: bool = False

    def __post_init__(self) -> None:
        for name in ("at_once", "attempts", "timeout"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)!r}: a number above 0 is expected.")


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from: the name that an inbox keeps them under, and how they are read."""

    name: str
    scheme: Scheme


class Delivery:
    """Takes the events of one source out of an inbox while `run` runs in a loop."""

    def __init__(self, inbox: Inbox, source: Source, handlers: Handlers, bounds: Bounds) -> None:
        self._inbox, self._source, self._handlers, self._bounds = inbox, source, handlers, bounds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="connector-delivery")  # it holds the lock
        self._held = contextlib.ExitStack()
        self._holds = False
        self._stopping = False
        self._drain = 0.0
        self._woken = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], Kept] = {}  # until an event is settled, and not only handled
        self._forget_at = 0.0
        self._troubles: dict[str, str] = {}

    def wake(self) -> None:
        """Look at the inbox now; to be called in the loop."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until `stop`, and let go of the inbox; one that fails is tried again."""
        try:
            while not self._stopping:
                self._woken.clear()
                if not await self._turn():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), LOOK)
        finally:
            await self._end()

    def stop(self, seconds: float) -> None:
        """Begin nothing more; `run` returns when what is under way has come to its end, or after so long."""
        self._drain = seconds
        self._stopping = True
        self.wake()

    async def _turn(self) -> bool:
        """Begin what is due; return whether there may be more to begin at once."""
        room = self._bounds.at_once - len(self._under_way)
        if room <= 0 or not self._handlers or any(map(_alone, self._under_way.values())):
            return False
        try:
            due = await self._in_thread(self._due, room, [one.id for one in self._under_way.values()])
        except Exception as error:  # noqa: BLE001  events wait in the inbox, whatever it is
            self._told("read", error)
            await self._in_thread(self._let_go)
            return False
        self._troubles.pop("read", None)
        if self._stopping:
            return False
        begun = self._together(due)
        for one in begun:
            task = asyncio.create_task(self._deliver(one))
            self._under_way[task] = one
            task.add_done_callback(self._ended)
        return bool(begun) and len(due) == room

    def _together(self, due: list[Kept]) -> list[Kept]:
        """Return those that may be with handlers at once, in order; one that is to be alone waits for the others."""
        calm = list(takewhile(lambda one: not _alone(one), due))
        return calm if calm or self._under_way else due[:1]

    def _due(self, room: int, busy: list[int]) -> list[Kept]:
        """Return events to begin, if this is who delivers; the lock and its connection belong to this thread."""
        name, clock = self._source.name, self._inbox.clock
        if not self._holds:
            try:
                self._held.enter_context(self._inbox.delivering(name, 0.05))
            except StoreError as error:
                if error.retryable:
                    return []  # another one delivers
                raise
            self._holds = True
        if clock.monotonic() >= self._forget_at and not self._inbox.forget(name):
            self._forget_at = clock.monotonic() + FORGET
        return self._inbox.due(name, room, busy, ordered=self._bounds.ordered)

    def _let_go(self) -> None:
        """Free the lock: a connection that was lost has freed it already, and another one may deliver."""
        self._holds = False
        self._held.close()

    async def _deliver(self, one: Kept) -> None:
        """Hand an event to its handlers, and note what came of it.

        The attempt is noted before, as one that failed, so that an event that ends the process is set aside too.
        """
        if one.attempts >= self._bounds.attempts:
            await self._written(self._failed(one, one.error))
            return
        begun = replace(one, attempts=one.attempts + 1, due=self._again(1), error=BEGUN)
        try:
            if not await self._written(begun):
                return
            event = self._source.scheme.event(one.body, one.name, one.key)
            reason = await self._handlers.call(event, self._bounds.timeout)
        except WebhookError as error:  # the connector has changed since
            reason = str(error)
        except asyncio.CancelledError:
            self._inbox.settle(one)  # a stop is no failure, so it is as it was
            raise
        done = replace(begun, state="done", due=self._inbox.clock.time(), error="")
        await self._written(self._failed(begun, reason) if reason else done)

    async def _written(self, after: Kept) -> bool:
        """Write what became of an event, however often that is tried; return False when it stops before."""
        while True:
            try:
                await self._inbox.settle_here(after)
            except StoreError as error:
                self._told("written", error)
            else:
                self._troubles.pop("written", None)
                return True
            if self._stopping:
                return False  # it is delivered again
            await asyncio.sleep(LOOK)

    def _failed(self, one: Kept, reason: str) -> Kept:
        """Return an event as it is after its attempt has failed."""
        if one.attempts < self._bounds.attempts:
            state, due = "new", self._again(one.attempts)
            end = f"again in {due - self._inbox.clock.time():.0f} s"
        else:
            state, due, end = "dead", self._inbox.clock.time(), "it is set aside as dead"
        _log.warning("event %s failed at attempt %d, %s: %s", one.name, one.attempts, end, reason)
        return replace(one, state=state, due=due, error=reason)

    def _again(self, attempts: int) -> float:
        """Return when an event is due again after so many attempts, the later the more there were."""
        clock = self._inbox.clock
        pause = min(PAUSE * 2 ** min(attempts - 1, _MOST_DOUBLINGS), LONGEST_PAUSE)
        return float(clock.time() + pause * (0.75 + clock.jitter() / 2))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._told("delivered", error)
        self.wake()

    def _told(self, what: str, error: BaseException) -> None:
        """Log what keeps events waiting, once for as long as it is the same."""
        said = str(error) if isinstance(error, StoreError) else type(error).__name__
        if self._troubles.get(what) != said:
            _log.error("events wait in the inbox, which cannot be %s: %s", what, said)
        self._troubles[what] = said

    async def _end(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._drain)
        left = list(self._under_way)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=LAST)
        with contextlib.suppress(StoreError):
            await self._in_thread(self._let_go)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)


def _alone(one: Kept) -> bool:
    """Whether processes end with an event, so that it takes no other along; a first such end may be of anything."""
    return one.error == BEGUN and one.attempts > 1
