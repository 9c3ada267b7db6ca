"""Deliver what changes at a service to handlers, as a receiver delivers its webhooks, where it has none."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.records.changes import build_event_body
from connector.core.records.kinds import RecordKinds
from connector.core.webhook.verifier import WebhookVerifier
from connector.definition.trigger import Trigger
from connector.definition.watch import Watch
from connector.errors import ConnectorError, UsageError
from connector.runtime.calls.call_options import parse_timeout
from connector.runtime.process.command_lines import format_command
from connector.runtime.records.accounts import name_account
from connector.runtime.sync.sync import Sync
from connector.runtime.webhooks.dispatcher import (
    HANDLER_TIMEOUT,
    MAX_ATTEMPTS,
    MAX_CONCURRENT,
    POLL_INTERVAL,
    DeliveryOptions,
    Dispatcher,
    EventSource,
)
from connector.runtime.webhooks.handlers import HandlerRegistry
from connector.runtime.webhooks.inbox import Inbox
from connector.runtime.webhooks.receiver import SHUTDOWN_TIMEOUT
from connector.runtime.webhooks.verify import verifier_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from connector.definition.loader import Connector
    from connector.runtime.client.client import Client
    from connector.runtime.webhooks.handlers import Handler
    from connector.runtime.webhooks.inbox import Backlog

CHANGES_TRIGGER = "records"  # what the changes of the copy are called where the manifest polls nothing
_log = logging.getLogger("connector.webhook")


class Watcher:
    """Reads lists again and again, and delivers what was added, changed or is gone as events.

    `client` has the copy of records: `Client(..., records=...)`. `trigger` is one with `watch` in the manifest
    (default: the first; without any, all changes of the copy). Without `polls`, nothing is read: handlers get what
    calls, syncs and webhooks of this copy tell. `given` are inputs of the lists, `every` replaces the trigger's. The
    others are as a Receiver has them. What is there at the first reading is no news. Several processes may watch the
    same: one reads, and one delivers. Raises InputError, UsageError.
    """

    def __init__(
        self,
        client: Client,
        *,
        inbox: str | Inbox,
        trigger: str | None = None,
        polls: bool = True,
        given: Mapping[str, Any] | None = None,
        every: float | str | None = None,
        concurrency: int = MAX_CONCURRENT,
        attempts: int = MAX_ATTEMPTS,
        timeout: float = HANDLER_TIMEOUT,
        ordered: bool = False,
    ) -> None:
        if client.records is None:
            hint = "Open the client with records=, such as sqlite:///records.db."
            raise UsageError("A watcher needs a copy of the records.", hint=hint)
        self._client, self._records, self._polls = client, client.records, polls
        connector = self._connector = client.connector
        verifier = find_watch(connector, trigger)
        watch = verifier.trigger.watch
        assert watch is not None
        self._watch: Watch = watch
        self._every = parse_timeout(watch.every if every is None else every)
        is_all = verifier.name not in connector.manifest.triggers  # then what no action lists is told by calls alone
        names = connector.derive(RecordKinds).list_readable() if is_all else tuple(watch.resources)
        self._sync = Sync(connector, self._records, names, given=given) if polls else None
        self._source = EventSource(f"{connector.name}.{verifier.name}", verifier, connector.manifest.own_hosts)
        self._options = DeliveryOptions(concurrency, attempts, timeout, ordered)
        self.inbox = Inbox(inbox) if isinstance(inbox, str) else inbox
        self.handlers = HandlerRegistry(redaction.redactor_for(connector))
        self._stop_event = threading.Event()
        self._due_at = 0.0  # when the lists are read again, in seconds of the clock
        self._reason = ""  # why the last reading failed

    @property
    def resources(self) -> list[str]:
        """The resources whose changes are told."""
        return list(self._watch.resources)

    def __repr__(self) -> str:
        return f"<Watcher of {self._source.name}, {self._records!r}>"

    def on(self, pattern: str = "*") -> Callable[[Handler], Handler]:
        """Decorate a handler, as `Receiver.on` does."""

        def register(handler: Handler) -> Handler:
            self.handlers.add(pattern, handler)
            return handler

        return register

    def poll(self) -> int:
        """Read the lists once, unless another process does, and store what is new; return how many events.

        Raises ConnectorError: what was read until then is kept, and told of with the next reading.
        """
        self._due_at = self.inbox.clock.monotonic() + self._every
        account = self._find_account()
        if self._sync is not None:
            with self._records.hold(f"watch {self._source.name} {account or ''}") as is_ours:
                if is_ours:
                    self._sync.run(self._client, account or "", lambda _: None, self._check_running)
        return self.store_changes(account, is_begin=True)

    def store_changes(self, account: str | None = None, *, is_begin: bool = False) -> int:
        """Store the changes of the copy that were not stored yet as events; return how many. Raises StoreError.

        The place in the changes is noted after they are durable: a process that dies between stores them again, and the
        inbox knows them by their keys.
        """
        account = self._find_account() if account is None else account
        feed, stored = f"{self._source.name} {account or ''}".strip(), 0
        after = self._records.find_feed(feed)
        if after is None:
            if is_begin or not self._polls:
                self._records.save_feed(feed, self._records.find_last_seq())
            return 0
        purged = self._records.find_purged_seq()
        if after < purged:
            _log.warning("%s: the changes %d to %d are no longer kept, and are not told.", feed, after + 1, purged)
        resources, name = self._watch.resources, self._connector.name
        while changes := self._records.read_changes(name, after, account=account, resources=resources):
            bodies = [build_event_body(self._connector, change) for change in changes]
            events = [self._source.verifier.parse_own(body) for body in bodies]
            for written in [self.inbox.put(event, self._source.name) for event in events]:
                written.result()
            after, stored = changes[-1].seq, stored + len(events)
            self._records.save_feed(feed, after)
        return stored

    async def run_once(self) -> Backlog:
        """Read the lists once and deliver what is due, as from cron; return what is left: it failed, and waits.

        Of the dead, those that died now. Raises ConnectorError where the lists cannot be read; what was due before is
        delivered all the same.
        """
        before = await asyncio.to_thread(self.inbox.read_backlog, self._source.name)
        dispatcher = Dispatcher(self.inbox, self._source, self.handlers, self._options)
        try:
            await asyncio.to_thread(self.poll if self._polls else self.store_changes)
        finally:
            await dispatcher.run_until_idle()
        rest = await asyncio.to_thread(self.inbox.read_backlog, self._source.name)
        return replace(rest, dead=max(0, rest.dead - before.dead))

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Any = None) -> AsyncIterator[None]:
        """Read and deliver during an `async with` block, or the lifespan of an application."""
        self._stop_event.clear()
        dispatcher = Dispatcher(self.inbox, self._source, self.handlers, self._options)
        tasks = [asyncio.create_task(dispatcher.run()), asyncio.create_task(self._watch_on(dispatcher))]
        try:
            yield
        finally:
            self._stop_event.set()
            dispatcher.stop(SHUTDOWN_TIMEOUT)
            await asyncio.gather(*tasks)

    async def _watch_on(self, dispatcher: Dispatcher) -> None:
        while not self._stop_event.is_set():
            is_due = self._polls and self.inbox.clock.monotonic() >= self._due_at
            try:
                stored = await asyncio.to_thread(self.poll if is_due else self.store_changes)
                self._reason = ""
            except _Stopped:
                return
            except ConnectorError as error:
                stored = 0
                self._tell(error)
            if stored:
                dispatcher.wake()
            await asyncio.to_thread(self._stop_event.wait, POLL_INTERVAL)

    def _tell(self, error: ConnectorError) -> None:
        """Log why a reading failed, once until that changes; the next one is made all the same."""
        if str(error) != self._reason:
            _log.warning("%s was not read: %s It is tried again.", self._source.name, error)
        self._reason = str(error)

    def _check_running(self) -> None:
        if self._stop_event.is_set():
            raise _Stopped

    def _find_account(self) -> str | None:
        """Return whose changes are followed; None for those of all accounts. Raises UsageError if nobody says."""
        if not self._polls:
            return self._records.account
        return name_account(self._connector, self._client.connection, self._records.account)


class _Stopped(Exception):
    """The watcher was stopped in the middle of a list. Internal."""


def find_watch(connector: Connector, trigger: str | None) -> WebhookVerifier:
    """Return what reads the events of a trigger that is polled, or of the changes of the copy. Raises UsageError."""
    triggers = connector.manifest.triggers
    polled = [name for name, one in triggers.items() if one.watch is not None]
    if trigger in (None, CHANGES_TRIGGER) and trigger not in triggers and (trigger is not None or not polled):
        resources = [name for name, one in connector.manifest.resources.items() if one.listing is not None]
        if not resources:
            hint = "Name them in its manifest: resources: {users: {list: /users, id: id}}."
            raise UsageError(f"{connector.name} names no resources.", hint=hint)
        changes = Trigger(label="Records", summary="Follow the copy.", watch=Watch(resources=resources))
        return WebhookVerifier(CHANGES_TRIGGER, changes)
    verifier = verifier_for(connector, trigger or polled[0], may_be_polled=True)
    if verifier.trigger.watch is None:
        polled_names = ", ".join(polled) or "none that is polled"
        hint = f"It has {polled_names}; '{format_command('webhook', 'serve')}' receives webhooks."
        raise UsageError(f"{verifier.name} is a webhook, and not polled.", hint=hint)
    return verifier
