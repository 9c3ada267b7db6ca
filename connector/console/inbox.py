"""The inbox of a connector's triggers; a sandbox's own events are received into it, without a port."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.cli.webhooks.trigger_context import TriggerContext
from connector.core.response.reply import Failure, Reply
from connector.definition.lazy import cached_property
from connector.errors import InputError, Problem, UsageError
from connector.first_use import prepare_pattern
from connector.runtime.http.transport import prepare_request
from connector.runtime.sync.watcher import CHANGES_TRIGGER, find_watch
from connector.runtime.webhooks.receiver import Receiver
from connector.runtime.webhooks.verify import verifier_for
from connector.sandbox.events.emitter import EventEmitter
from connector.sandbox.events.sender import EventSender, get_samples

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from connector.cli.context.connection_context import ConnectionContext
    from connector.core.request.builder import Request
    from connector.runtime.webhooks.inbox import Inbox, StoredEvent

_ID = prepare_pattern(r"[0-9]{1,18}")
_OWN_URL = "http://127.0.0.1/"  # that the sandbox's events are signed for; nothing listens there


class EventDesk:
    """The events of a connector's triggers: those that were received, and signed ones to try a receiver with."""

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context
        self._counts = itertools.count(1)
        self._is_open = False

    @property
    def webhooks(self) -> list[str]:
        """The triggers that the service calls."""
        return list(self._context.connector.manifest.webhooks)

    @property
    def sources(self) -> dict[str, str]:
        """The names of the triggers by their source in an inbox, the changes of the copy of records too."""
        connector = self._context.connector
        return {f"{connector.name}.{name}": name for name in (*connector.manifest.triggers, CHANGES_TRIGGER)}

    @cached_property
    def inbox(self) -> Inbox:
        """The inbox that receivers keep events in. Raises UsageError, StoreError."""
        from connector.runtime.process.extras import require

        require("sql", "sqlalchemy")
        from connector.runtime.webhooks.inbox import Inbox

        self._is_open = True
        return Inbox(self._any_context.inbox_url)

    @property
    def display_url(self) -> str:
        """Where the inbox is."""
        from connector.core import redaction

        return redaction.default_redactor().redact_url(self._any_context.inbox_url)

    @property
    def _any_context(self) -> TriggerContext:
        return self.describe(next(iter(self.sources.values())))

    def describe(self, trigger: str) -> TriggerContext:
        """Return a trigger with its secrets, which nobody is asked for. Raises UsageError."""
        context = self._context
        is_of_copy = trigger == CHANGES_TRIGGER and trigger not in context.connector.manifest.triggers
        find = find_watch if is_of_copy else verifier_for
        options: dict[str, Any] = {} if is_of_copy else {"may_be_polled": True}
        verifier = find(context.connector, trigger, **options)
        return TriggerContext(
            context.connector, context.settings, verifier, sandbox=context.sandbox, quiet=True, may_prompt=False
        )

    def select(self, **columns: Any) -> ColumnElement[bool]:
        """Return the condition of the events of this connector that have these values."""
        from connector.runtime.webhooks.inbox import TABLE

        condition: ColumnElement[bool] = TABLE.c.source.in_(list(self.sources))
        for name, value in columns.items():
            condition &= TABLE.c[name] == value
        return condition

    def get(self, event_id: str) -> StoredEvent:
        """Return an event. Raises InputError for an unknown one."""
        found = self.inbox.find(self.select(id=int(event_id)), 1) if _ID.fullmatch(event_id) else []
        if not found:
            problem = Problem("event", event_id, "the ID of an event in the inbox", "choose one of the list")
            raise InputError.from_problems("events", [problem], undone="done")
        return found[0]

    def read_state(self) -> str:
        """Return a text that changes when an event comes, or is delivered."""
        newest = self.inbox.find(self.select(), 1, newest=True)
        backlogs = [self.inbox.read_backlog(source) for source in self.sources]
        counts = (f"{one.pending}.{one.due}.{one.dead}" for one in backlogs)
        return "-".join([str(newest[0].id if newest else 0), *counts])

    def send_test(self, trigger: str, name: str, url: str) -> Reply:
        """Send a signed event to a receiver; without a URL, into the sandbox's inbox. Raises ConnectorError."""
        connector, context = self._context.connector, self.describe(trigger)
        kind = connector.events.get(name)
        if kind is None:
            from connector.definition.suggest import did_you_mean

            fix = did_you_mean(name, connector.events).strip() or "choose one of the list"
            raise InputError.from_problems("events", [Problem("event", name, f"an event of {connector.name}", fix)])
        if not url and not context.sandbox:
            hint = "The inbox is for events of the service; give the address of a receiver that you want to try."
            raise UsageError("The test event has no address to go to.", hint=hint)
        http = None if url else _OwnReceiver(context, self.inbox)
        secrets = {key: texts[0] for key, texts in context.read_secrets().items()}
        sender = EventSender(connector, url or _OWN_URL, secrets, trigger=trigger, http=http)
        try:
            body = get_samples(connector, trigger).build_body(kind, time.time(), next(self._counts))
            answered = sender.send(name, body)
        finally:
            sender.close()
        if isinstance(answered, Failure):
            raise UsageError(f"The test event was not delivered: {answered.message}.", hint="Is a receiver there?")
        return answered

    def follow_sandbox(self) -> None:
        """Receive what the sandbox tells of changes."""
        sandbox = self._context.sandbox_instance
        if sandbox is not None and self.webhooks and sandbox.service.emitter is None:
            own = _OwnReceiver(self.describe(self.webhooks[0]), self.inbox)
            sandbox.service.emitter = EventEmitter(sandbox.connector, _OWN_URL, http=own)

    def close(self) -> None:
        """Write what waits."""
        if self._is_open:
            self.inbox.close()


class _OwnReceiver:
    """A transport to a receiver in this process, which verifies and keeps events as one on a port does."""

    def __init__(self, context: TriggerContext, inbox: Inbox) -> None:
        self._receiver = Receiver(
            context.connector, context.read_secrets(), inbox=inbox, trigger=context.verifier.name, public_url=_OWN_URL
        )

    def send(self, request: Request, credential: Any, _deadline: float, _sink: Any, _cancel: Any) -> Reply:
        """Pass a delivery to the receiver."""
        prepared = prepare_request(request, credential)
        query = urlsplit(prepared.url).query
        answer = asyncio.run(
            self._receiver.handle(prepared.headers, prepared.content or b"", method=request.method, query=query)
        )
        content = "" if answer.content is None else json.dumps(answer.content)
        return Reply(answer.status, tuple(answer.headers.items()), content.encode())
