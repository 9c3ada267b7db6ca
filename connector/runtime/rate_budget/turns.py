"""Turns of requests: at most so many of a rate are on their way at once.

A request has its turn from before it takes its slots until its reply is read. Turns are given in order of arrival, to
threads and tasks alike, and are those of one process: what another process sends is not known here.
"""

from __future__ import annotations

import contextlib
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING

from connector.errors import RateLimited
from connector.runtime.process.fork_safety import ForkSafeLock, register_for_renewal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.runtime.process.fork_safety import ForkSafeEvent

_STOP_INTERVAL = 0.2  # seconds after which a waiting thread looks whether its client was closed
_LOCK = ForkSafeLock()  # of all queues; nothing is waited for while it is held


class TurnQueue:
    """Those that have their turn of a rate, and those that wait for one."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit
        self._running: set[Future[None]] = set()
        self._waiting: deque[Future[None]] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether nobody has a turn or waits for one."""
        return not (self._running or self._waiting)

    def enter(self) -> Future[None]:
        """Return a place in the queue, which is done when its turn has come."""
        place: Future[None] = Future()
        self._waiting.append(place)
        self._give_turns()
        return place

    def leave(self, place: Future[None]) -> None:
        """Give a place up, whether its turn has come or not."""
        self._running.discard(place)
        with contextlib.suppress(ValueError):
            self._waiting.remove(place)
        self._give_turns()

    def _give_turns(self) -> None:
        while self._waiting and len(self._running) < self.limit:
            place = self._waiting.popleft()
            if place.set_running_or_notify_cancel():
                self._running.add(place)
                place.set_result(None)


class TurnQueues:
    """The queues of all accounts in this process; a forked child begins with none."""

    def __init__(self) -> None:
        self._queues: dict[tuple[str, str], TurnQueue] = {}
        register_for_renewal(self)

    def renew_after_fork(self) -> None:
        """Forget the turns of the parent, which this process cannot end."""
        self._queues = {}

    def find_turns(self, account: str, limits: Iterable[tuple[str, int]]) -> Turns:
        """Return the turns that a request of these rates needs, by the limit of each."""
        return Turns(self, [(account, name, limit) for name, limit in sorted(limits)])

    def enter(self, account: str, name: str, limit: int) -> tuple[TurnQueue, Future[None]]:
        """Return a place in the queue of a rate."""
        with _LOCK:
            queue = self._queues.setdefault((account, name), TurnQueue(name, limit))
            queue.limit = limit
            return queue, queue.enter()

    def leave(self, account: str, queue: TurnQueue, place: Future[None]) -> None:
        """Give a place up; a queue that nobody is in is dropped."""
        with _LOCK:
            queue.leave(place)
            if queue.is_empty and self._queues.get((account, queue.name)) is queue:
                del self._queues[account, queue.name]


class Turns:
    """The turns of one request, taken one after the other in the order of their names, so that no two block another."""

    def __init__(self, queues: TurnQueues, wanted: list[tuple[str, str, int]]) -> None:
        self._queues, self._wanted = queues, wanted
        self._places: list[tuple[str, TurnQueue, Future[None]]] = []

    def wait(self, seconds_left: Callable[[], float], stop_event: ForkSafeEvent) -> RateLimited | None:
        """Wait for every turn; return the error where one does not come in time, or where the client is closed."""
        for place, refusal in self._enter_each():
            while not place.done():
                left = seconds_left()
                if left <= 0 or stop_event.is_set():
                    return refusal
                with contextlib.suppress(TimeoutError):
                    place.result(min(left, _STOP_INTERVAL))
        return None

    async def wait_async(self, seconds_left: Callable[[], float]) -> RateLimited | None:
        """Do as `wait` without blocking the event loop."""
        import asyncio  # which a client of threads does without

        for place, refusal in self._enter_each():
            if place.done():
                continue
            try:
                await asyncio.wait_for(asyncio.wrap_future(place), max(0.0, seconds_left()))
            except TimeoutError:
                return refusal
        return None

    def release(self) -> None:
        """End the turns, and give up those that have not come."""
        while self._places:
            self._queues.leave(*self._places.pop())

    def _enter_each(self) -> Iterable[tuple[Future[None], RateLimited]]:
        for account, name, limit in self._wanted:
            queue, place = self._queues.enter(account, name, limit)
            self._places.append((account, queue, place))
            yield place, _build_refusal(name.partition(":")[0], limit)


def _build_refusal(name: str, limit: int) -> RateLimited:
    requests = "one request" if limit == 1 else f"{limit} requests"
    message = f"The service takes {requests} of {name} at once, and no turn came before the call's deadline."
    hint = "Run fewer calls at once, or allow more time with timeout."
    return RateLimited(message, message=message, hint=hint, outcome="not_sent")
