"""Deliver the events of an inbox to handlers, at least once each.

One process at a time delivers. A failed event is retried with growing delays until it is marked dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from connector.errors import StoreError, UsageError, WebhookError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.webhook.verifier import WebhookVerifier
    from connector.runtime.webhooks.handlers import HandlerRegistry
    from connector.runtime.webhooks.inbox import Inbox, StoredEvent

MAX_CONCURRENT = 16  # events
MAX_ATTEMPTS = 18  # with the delays below: about a day and a half
RETRY_DELAY, MAX_RETRY_DELAY = 5.0, 6 * 3600.0  # seconds after the first failure, doubling each time
POLL_INTERVAL = 1.0  # seconds between two reads of an inbox that other processes also fill
PURGE_INTERVAL = 600.0  # seconds between two purges
HANDLER_TIMEOUT = 300.0  # seconds for all handlers of an event
CANCEL_GRACE = 0.5  # seconds that a cancelled handler has to clean up
CRASH_REASON = "The process ended before the handler did."  # the error of an event until its handlers return
_MAX_DOUBLINGS = 30
_log = logging.getLogger("connector.webhook")


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How events are delivered: `concurrency` events, `attempts` each, `timeout` seconds; `ordered` per subject.

    Raises UsageError for a number that is not above 0.
    """

    concurrency: int = MAX_CONCURRENT
    attempts: int = MAX_ATTEMPTS
    timeout: float = HANDLER_TIMEOUT
    ordered: bool = False

    def __post_init__(self) -> None:
        for name in ("concurrency", "attempts", "timeout"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not value > 0:
                raise UsageError(f"{name} is {value!r}; expected a number above 0.")


@dataclass(frozen=True, slots=True)
class EventSource:
    """The name that an inbox stores events under, the verifier that parses them, and the connector's hosts."""

    name: str
    verifier: WebhookVerifier
    hosts: tuple[str, ...] = ()


class Dispatcher:
    """Delivers the events of one source while `run` runs in an event loop."""

    def __init__(self, inbox: Inbox, source: EventSource, handlers: HandlerRegistry, options: DeliveryOptions) -> None:
        self._inbox, self._source, self._handlers, self._options = inbox, source, handlers, options
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="connector-delivery")  # its thread holds the lock
        self._lock_stack = contextlib.ExitStack()
        self._has_lock = False
        self.deliverer = ""  # who has the lock of the source: "this process", "another process", or nobody
        self._stopping = False
        self._drain_timeout = 0.0
        self._wake_event = asyncio.Event()
        self._running: dict[asyncio.Task[None], StoredEvent] = {}  # until the result of an event is stored
        self._purge_at = 0.0
        self._logged_errors: dict[str, str] = {}

    def wake(self) -> None:
        """Read the inbox now; call it in the loop."""
        self._wake_event.set()

    async def run(self) -> None:
        """Deliver until `stop`, then release the inbox; keep retrying while the inbox fails."""
        try:
            while not self._stopping:
                self._wake_event.clear()
                if not await self._dispatch_due():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(POLL_INTERVAL):  # without a task of its own, unlike wait_for
                            await self._wake_event.wait()
        finally:
            await self._shut_down()

    async def run_until_idle(self) -> None:
        """Deliver what is due, and what becomes due through that, then release the inbox; what fails waits in it."""
        try:
            while not self._stopping:
                self._wake_event.clear()
                if await self._dispatch_due():
                    continue
                if not self._running:
                    return
                await self._wake_event.wait()
        finally:
            await self._shut_down()

    def stop(self, seconds: float) -> None:
        """Start no more deliveries; `run` returns when the current ones end, or after `seconds`."""
        self._drain_timeout = seconds
        self._stopping = True
        self.wake()

    async def _dispatch_due(self) -> bool:
        """Start the due deliveries; return whether more may be due now."""
        free_slots = self._options.concurrency - len(self._running)
        if free_slots <= 0 or not self._handlers or any(map(_is_poison, self._running.values())):
            return False
        try:
            due_events = await self._run_in_thread(
                self._read_due, free_slots, [stored.id for stored in self._running.values()]
            )
        except Exception as error:  # noqa: BLE001  raised again by the caller
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
        """Return the events that may run together, in order; a poison event waits to run alone."""
        safe_events = list(takewhile(lambda stored: not _is_poison(stored), due_events))
        return safe_events if safe_events or self._running else due_events[:1]

    def _read_due(self, free_slots: int, running_ids: list[int]) -> list[StoredEvent]:
        """Return due events if this process has the lock; the lock and its connection belong to this thread."""
        name, clock = self._source.name, self._inbox.clock
        if not self._has_lock:
            try:
                self._lock_stack.enter_context(self._inbox.delivery_lock(name, 0.05))
            except StoreError as error:
                if error.retryable:
                    self.deliverer = "another process"
                    return []
                raise
            self._inbox.claim(name, self._source.hosts)
            self._has_lock, self.deliverer = True, "this process"
        if clock.monotonic() >= self._purge_at and not self._inbox.purge(name):
            self._purge_at = clock.monotonic() + PURGE_INTERVAL
        return self._inbox.read_due(name, free_slots, running_ids, ordered=self._options.ordered)

    def _release_lock(self) -> None:
        """Release the lock; a lost connection has released it already, so another process may deliver."""
        self._has_lock, self.deliverer = False, ""
        self._lock_stack.close()

    async def _deliver(self, stored: StoredEvent) -> None:
        """Call the handlers of an event and store the result.

        First stores the attempt as failed, so that an event that ends the process also becomes dead in the end.
        """
        if stored.attempts >= self._options.attempts:
            await self._save_state(self._after_failure(stored, stored.error))
            return
        is_final = False
        attempt = replace(stored, attempts=stored.attempts + 1, due_at=self._next_due_at(1), error=CRASH_REASON)
        try:
            if not await self._save_state(attempt):
                return
            event = self._source.verifier.restore_event(
                stored.body, stored.name, stored.key, json.loads(stored.headers)
            )
            reason = await self._handlers.call(event, self._options.timeout)
        except WebhookError as error:  # the connector changed since it was stored
            reason, is_final = str(error), not stored.name  # what could not be read either when it came is dead again
        except asyncio.CancelledError:
            self._inbox.update_state(stored)  # stopping is no failure: restore it
            raise
        delivered = replace(attempt, state="delivered", due_at=self._inbox.clock.time(), error="")
        await self._save_state(self._after_failure(attempt, reason, is_final=is_final) if reason else delivered)

    async def _save_state(self, updated: StoredEvent) -> bool:
        """Store the state of an event, retrying while the inbox fails; return False when stopped before."""
        while True:
            try:
                await self._inbox.update_state_async(updated)
            except StoreError as error:
                self._log_once("written", error)
            else:
                self._logged_errors.pop("written", None)
                return True
            if self._stopping:
                return False  # it will be delivered again
            await asyncio.sleep(POLL_INTERVAL)

    def _after_failure(self, stored: StoredEvent, reason: str, *, is_final: bool = False) -> StoredEvent:
        """Return the event with its state after a failed attempt."""
        if stored.attempts < self._options.attempts and not is_final:
            state, due_at = "pending", self._next_due_at(stored.attempts)
            next_step = f"retrying in {due_at - self._inbox.clock.time():.0f} s"
        else:
            state, due_at, next_step = "dead", self._inbox.clock.time(), "marked as dead"
        _log.warning("event %s failed at attempt %d, %s: %s", stored.name, stored.attempts, next_step, reason)
        return replace(stored, state=state, due_at=due_at, error=reason)

    def _next_due_at(self, attempts: int) -> float:
        """Return when an event is due again after `attempts`, in epoch seconds: exponential backoff with jitter."""
        clock = self._inbox.clock
        delay = min(RETRY_DELAY * 2 ** min(attempts - 1, _MAX_DOUBLINGS), MAX_RETRY_DELAY)
        return float(clock.time() + delay * (0.75 + clock.jitter() / 2))

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log_once("delivered", error)
        self.wake()

    def _log_once(self, operation: str, error: BaseException) -> None:
        """Log an inbox error, once until it changes."""
        message = str(error) if isinstance(error, StoreError) else type(error).__name__
        if self._logged_errors.get(operation) != message:
            _log.error("events are waiting, the inbox cannot be %s: %s", operation, message)
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
    """Whether an event ended its process twice; the first end may have had another cause."""
    return stored.error == CRASH_REASON and stored.attempts > 1
