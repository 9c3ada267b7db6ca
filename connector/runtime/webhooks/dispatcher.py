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

    from connector.core.webhook.signature import WebhookVerifier
    from connector.runtime.webhooks.handlers import HandlerRegistry
    from connector.runtime.webhooks.inbox import Inbox, StoredEvent

MAX_CONCURRENT = 16
MAX_ATTEMPTS = 18  # with the pauses below: about a day and a half
RETRY_DELAY, MAX_RETRY_DELAY = 5.0, 6 * 3600.0  # seconds after the first failure, doubling each time
POLL_INTERVAL = 1.0  # seconds between two looks at an inbox that others fill too
PURGE_INTERVAL = 600.0  # seconds between two looks for what is old
HANDLER_TIMEOUT = 300.0  # seconds that the handlers of an event may take
CANCEL_GRACE = 0.5  # seconds that a handler has for what it does when it is cancelled
CRASH_REASON = "Its process ended before its handler did."  # what is said of an event until another end of it is known
_MAX_DOUBLINGS = 30
_log = logging.getLogger("connector.webhook")


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How events are delivered: how many at once, how often, for how many seconds; whether in order per subject.

    Raises UsageError for what is not more than nothing.
    """

    concurrency: int = MAX_CONCURRENT
    attempts: int = MAX_ATTEMPTS
    timeout: float = HANDLER_TIMEOUT
    ordered: bool = False

    def __post_init__(self) -> None:
        for name in ("concurrency", "attempts", "timeout"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)!r}: a number above 0 is expected.")


@dataclass(frozen=True, slots=True)
class EventSource:
    """Where events come from: the name that an inbox keeps them under, and how they are read."""

    name: str
    verifier: WebhookVerifier


class Dispatcher:
    """Takes the events of one source out of an inbox while `run` runs in a loop."""

    def __init__(self, inbox: Inbox, source: EventSource, handlers: HandlerRegistry, options: DeliveryOptions) -> None:
        self._inbox, self._source, self._handlers, self._options = inbox, source, handlers, options
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="connector-delivery")  # it holds the lock
        self._lock_stack = contextlib.ExitStack()
        self._has_lock = False
        self._stopping = False
        self._drain_timeout = 0.0
        self._wake_event = asyncio.Event()
        self._running: dict[asyncio.Task[None], StoredEvent] = {}  # until an event is settled, and not only handled
        self._purge_at = 0.0
        self._logged_errors: dict[str, str] = {}

    def wake(self) -> None:
        """Look at the inbox now; to be called in the loop."""
        self._wake_event.set()

    async def run(self) -> None:
        """Deliver until `stop`, and let go of the inbox; one that fails is tried again."""
        try:
            while not self._stopping:
                self._wake_event.clear()
                if not await self._dispatch_due():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake_event.wait(), POLL_INTERVAL)
        finally:
            await self._shut_down()

    def stop(self, seconds: float) -> None:
        """Begin nothing more; `run` returns when what is under way has come to its end, or after so long."""
        self._drain_timeout = seconds
        self._stopping = True
        self.wake()

    async def _dispatch_due(self) -> bool:
        """Begin what is due; return whether there may be more to begin at once."""
        free_slots = self._options.concurrency - len(self._running)
        if free_slots <= 0 or not self._handlers or any(map(_is_poison, self._running.values())):
            return False
        try:
            due_events = await self._run_in_thread(
                self._read_due, free_slots, [stored.id for stored in self._running.values()]
            )
        except Exception as error:  # noqa: BLE001  events wait in the inbox, whatever it is
            self._log_once("read", error)
            await self._run_in_thread(self._release_lock)
            return False
        self._logged_errors.pop("read", None)
        if self._stopping:
            return False
        batch = self._select_batch(due_events)
        for stored in batch:
            task = asyncio.create_task(self._deliver(stored))
            self._running[task] = stored
            task.add_done_callback(self._on_task_done)
        return bool(batch) and len(due_events) == free_slots

    def _select_batch(self, due_events: list[StoredEvent]) -> list[StoredEvent]:
        """Return those that may be with handlers at once, in order; one that is to be alone waits for the others."""
        safe_events = list(takewhile(lambda stored: not _is_poison(stored), due_events))
        return safe_events if safe_events or self._running else due_events[:1]

    def _read_due(self, free_slots: int, running_ids: list[int]) -> list[StoredEvent]:
        """Return events to begin, if this is who delivers; the lock and its connection belong to this thread."""
        name, clock = self._source.name, self._inbox.clock
        if not self._has_lock:
            try:
                self._lock_stack.enter_context(self._inbox.delivery_lock(name, 0.05))
            except StoreError as error:
                if error.retryable:
                    return []  # another one delivers
                raise
            self._has_lock = True
        if clock.monotonic() >= self._purge_at and not self._inbox.purge(name):
            self._purge_at = clock.monotonic() + PURGE_INTERVAL
        return self._inbox.read_due(name, free_slots, running_ids, ordered=self._options.ordered)

    def _release_lock(self) -> None:
        """Free the lock: a connection that was lost has freed it already, and another one may deliver."""
        self._has_lock = False
        self._lock_stack.close()

    async def _deliver(self, stored: StoredEvent) -> None:
        """Hand an event to its handlers, and note what came of it.

        The attempt is noted before, as one that failed, so that an event that ends the process is set aside too.
        """
        if stored.attempts >= self._options.attempts:
            await self._save_state(self._after_failure(stored, stored.error))
            return
        attempt = replace(stored, attempts=stored.attempts + 1, due_at=self._next_due_at(1), error=CRASH_REASON)
        try:
            if not await self._save_state(attempt):
                return
            event = self._source.verifier.restore_event(stored.body, stored.name, stored.key)
            reason = await self._handlers.call(event, self._options.timeout)
        except WebhookError as error:  # the connector has changed since
            reason = str(error)
        except asyncio.CancelledError:
            self._inbox.update_state(stored)  # a stop is no failure, so it is as it was
            raise
        delivered = replace(attempt, state="delivered", due_at=self._inbox.clock.time(), error="")
        await self._save_state(self._after_failure(attempt, reason) if reason else delivered)

    async def _save_state(self, updated: StoredEvent) -> bool:
        """Write what became of an event, however often that is tried; return False when it stops before."""
        while True:
            try:
                await self._inbox.update_state_async(updated)
            except StoreError as error:
                self._log_once("written", error)
            else:
                self._logged_errors.pop("written", None)
                return True
            if self._stopping:
                return False  # it is delivered again
            await asyncio.sleep(POLL_INTERVAL)

    def _after_failure(self, stored: StoredEvent, reason: str) -> StoredEvent:
        """Return an event as it is after its attempt has failed."""
        if stored.attempts < self._options.attempts:
            state, due_at = "pending", self._next_due_at(stored.attempts)
            next_step = f"again in {due_at - self._inbox.clock.time():.0f} s"
        else:
            state, due_at, next_step = "dead", self._inbox.clock.time(), "it is set aside as dead"
        _log.warning("event %s failed at attempt %d, %s: %s", stored.name, stored.attempts, next_step, reason)
        return replace(stored, state=state, due_at=due_at, error=reason)

    def _next_due_at(self, attempts: int) -> float:
        """Return when an event is due again after so many attempts, the later the more there were."""
        clock = self._inbox.clock
        delay = min(RETRY_DELAY * 2 ** min(attempts - 1, _MAX_DOUBLINGS), MAX_RETRY_DELAY)
        return float(clock.time() + delay * (0.75 + clock.jitter() / 2))

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log_once("delivered", error)
        self.wake()

    def _log_once(self, operation: str, error: BaseException) -> None:
        """Log what keeps events waiting, once for as long as it is the same."""
        message = str(error) if isinstance(error, StoreError) else type(error).__name__
        if self._logged_errors.get(operation) != message:
            _log.error("events wait in the inbox, which cannot be %s: %s", operation, message)
        self._logged_errors[operation] = message

    async def _shut_down(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=self._drain_timeout)
        unfinished = list(self._running)
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished, timeout=CANCEL_GRACE)
        with contextlib.suppress(StoreError):
            await self._run_in_thread(self._release_lock)
        self._executor.shutdown(wait=False)

    async def _run_in_thread(self, function: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *given)


def _is_poison(stored: StoredEvent) -> bool:
    """Whether processes end with an event, so that it takes no other along; a first such end may be of anything."""
    return stored.error == CRASH_REASON and stored.attempts > 1
