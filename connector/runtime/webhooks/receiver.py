"""A webhook receiver as an ASGI application: verify and store an event, answer 200, then deliver it.

A response echoes nothing of its request. A refused delivery gets an empty response; its reason is counted and logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core import redaction
from connector.core.webhook.delivery import Delivery
from connector.core.webhook.event import Challenge
from connector.errors import ConnectorError, StoreError, UsageError, WebhookError
from connector.runtime.process.argument_types import require_method, require_seconds
from connector.runtime.process.extras import require
from connector.runtime.webhooks import asgi
from connector.runtime.webhooks.dispatcher import (
    HANDLER_TIMEOUT,
    MAX_ATTEMPTS,
    MAX_CONCURRENT,
    DeliveryOptions,
    Dispatcher,
    EventSource,
)
from connector.runtime.webhooks.handlers import HandlerRegistry
from connector.runtime.webhooks.timeouts import SharedTimeout, task_timeouts
from connector.runtime.webhooks.verify import collect_secrets, require_handshake, require_url, verifier_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from connector.core.webhook.delivery import Headers
    from connector.core.webhook.event import Event
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.runtime.webhooks.handlers import Handler
    from connector.runtime.webhooks.inbox import Inbox
    from connector.runtime.webhooks.verify import Secret

MAX_BODY_BYTES = 1 << 20  # bytes of a body
BODY_TIMEOUT = 10.0  # seconds for the whole body
STORE_TIMEOUT = 2.5  # seconds to store an event; a sender does not wait longer
SHUTDOWN_TIMEOUT = 7.0  # seconds that handlers have to finish when the receiver stops
_REQUIRED_PACKAGES = ("sqlalchemy",)
_EXPECTED_OUTCOMES = ("kept", "challenge answered", "secret saved")
_log = logging.getLogger("connector.webhook")


def require_packages(*packages: str) -> None:
    """Raise UsageError when a package of the extra `server` is missing."""
    require("server", *packages)


class Answer(NamedTuple):
    """The answer to a delivery: the status, JSON or a text (None for nothing), and headers."""

    status: int
    content: Any = None
    headers: Mapping[str, str] = {}


class Receiver:
    """Receives the events of a connector's trigger; an ASGI application to serve or to mount in another one.

    `secret` is one text, or several while a new one replaces the old, or a mapping of the trigger's inputs to them. It
    may be None with `save_secret`: that is called, in a thread, with the secret that the service hands over by a first
    delivery, which is not signed, and answered when it returns. Where a secret is known, no other is taken.

    `inbox` is the database of events, `sqlite:///PATH` or `postgresql://...`, or an Inbox; several receivers of a
    trigger may share it, and one process of them delivers. `public_url` is the URL that the service sends to, without
    a query, for those that sign it. `max_age` is seconds (default: the manifest's). Handlers run for up to
    `concurrency` events at a time, `timeout` seconds at most; an event is dead after `attempts` failures. `ordered`
    delivers the events of a subject one after another. Raises UsageError for an invalid secret or URL, and when a
    package of the extra `server` is missing.
    """

    def __init__(
        self,
        connector: Connector,
        secret: Secret | None,
        *,
        inbox: str | Inbox,
        save_secret: Callable[[str], object] | None = None,
        trigger: str | None = None,
        public_url: str | None = None,
        max_age: float | None = None,
        concurrency: int = MAX_CONCURRENT,
        attempts: int = MAX_ATTEMPTS,
        timeout: float = HANDLER_TIMEOUT,
        ordered: bool = False,
        clock: Clock | None = None,
    ) -> None:
        require_packages(*_REQUIRED_PACKAGES)
        from connector.runtime.webhooks.inbox import Inbox

        verifier = verifier_for(connector, trigger)
        if save_secret is not None:
            require_handshake(verifier)
        self._save_secret, self._handshake_lock = save_secret, asyncio.Lock()
        is_awaited = save_secret is not None and not secret
        secrets = {} if is_awaited else collect_secrets(verifier, [] if secret is None else secret)
        self._keys = verifier.decode_secrets(secrets)
        require_url(verifier, public_url)
        if public_url and set(public_url) & set("?#"):
            hint = "The query of each request is added to it."
            raise UsageError("The public URL must have no query and no #.", hint=hint)
        self.public_url = public_url or ""
        self.source = EventSource(f"{connector.name}.{verifier.name}", verifier, connector.manifest.own_hosts)
        self._max_age = require_seconds("max_age", max_age)
        self._options = DeliveryOptions(concurrency, attempts, timeout, ordered)
        if not isinstance(inbox, str):
            require_method("inbox", inbox, "put_all_async", "Pass a URL, such as sqlite:///inbox.sqlite, or an Inbox.")
        self.inbox = Inbox(inbox, clock=clock) if isinstance(inbox, str) else inbox
        all_secrets = [text for texts in secrets.values() for text in texts]
        self.handlers = HandlerRegistry(redaction.redactor_for(connector).with_secrets(all_secrets))
        self.counts: Counter[str] = Counter()
        self.last_failure: tuple[str, float] | None = None  # why the last delivery was not kept, and its epoch seconds
        self._owns_inbox = False
        self.dispatcher: Dispatcher | None = None
        self._body_timeouts, self._store_timeouts = task_timeouts(BODY_TIMEOUT), task_timeouts(STORE_TIMEOUT)

    def __repr__(self) -> str:
        return f"<Receiver of {self.source.name}, {self.inbox!r}>"

    def on(self, pattern: str = "*") -> Callable[[Handler], Handler]:
        """Decorate a handler, sync or async, for the events whose name matches a pattern such as `meeting.*`.

        A handler may get an event more than once: `event.key` identifies it. An event whose handler raises is retried
        later. An `async` handler shares the loop with the receiver, so it must not block.
        """

        def register(handler: Handler) -> Handler:
            self.handlers.add(pattern, handler)
            return handler

        return register

    def open_inbox(self) -> None:
        """Create what the inbox lacks, and note that its events are this connector's.

        Raises UsageError if they are those of another connector of the name, StoreError if the database is unusable.
        """
        self.inbox.open()
        self.inbox.claim(self.source.name, self.source.hosts)
        self._owns_inbox = True

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """Handle an ASGI connection; the application that mounts the receiver checks the path."""
        if scope["type"] == "lifespan":
            await asgi.run_lifespan(self.lifespan, receive, send)
        elif scope["type"] == "http":
            await self._respond(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Any = None) -> AsyncIterator[None]:
        """Deliver events during an `async with` block, for the lifespan of an application that mounts the receiver.

        At the end, handlers have some seconds to finish; unfinished events are delivered again. Raises UsageError when
        the receiver is already running, or its inbox is another connector's.
        """
        if self.dispatcher is not None:
            hint = "A server enters lifespan() itself; enter it only where another application mounts the receiver."
            raise UsageError("The receiver is already running.", hint=hint)
        if not self._owns_inbox:
            with contextlib.suppress(StoreError):  # the dispatcher waits for a database that is away
                await asyncio.to_thread(self.open_inbox)
        dispatcher = self.dispatcher = Dispatcher(self.inbox, self.source, self.handlers, self._options)
        task = asyncio.create_task(dispatcher.run())
        try:
            yield
        finally:
            dispatcher.stop(SHUTDOWN_TIMEOUT)
            try:
                await task
            finally:
                self.dispatcher = None

    async def handle(self, headers: Headers, body: bytes, *, method: str = "POST", query: str = "") -> Answer:
        """Return what to answer a delivery with: status, JSON or a text (as text/plain), and headers.

        After 200 the events are durable. For a framework without ASGI: `headers` is a mapping or pairs, `body` the
        bytes as received, `query` that of the URL, without `?`.
        """
        url = f"{self.public_url}?{query}" if query else self.public_url
        return await self._answer(Delivery(headers, body, method, url))

    async def _answer(self, delivery: Delivery) -> Answer:
        try:
            verified = self.source.verifier.verify_delivery(
                self._keys, delivery, self.inbox.clock.time(), self._max_age
            )
        except WebhookError as error:
            self._count_outcome(error.reason)
            return Answer(error.status)
        if not isinstance(verified, Challenge):
            refusal = self._find_refusal(verified)
            if refusal is not None:
                self._count_outcome(refusal.reason)
                return Answer(refusal.status)
            return await self._store_events(verified) if verified else Answer(200, {})
        if verified.secret:
            return await self._take_secret(delivery, verified)
        self._count_outcome("challenge answered")
        return Answer(200, verified.reply, verified.headers)

    def _find_refusal(self, events: list[Event]) -> WebhookError | None:
        """Return why a delivery of one event is refused; among several, one that cannot be read holds up no other."""
        is_alone = self.source.verifier.trigger.event.each is None
        return events[0].error if is_alone and events else None

    async def _take_secret(self, delivery: Delivery, handshake: Challenge) -> Answer:
        """Save the secret that is handed over, and answer; of several at once, the first one counts."""
        assert self._save_secret is not None
        async with self._handshake_lock:
            if not self._keys:
                try:
                    await asyncio.to_thread(self._save_secret, handshake.secret)
                except Exception as error:  # noqa: BLE001  of the caller's own code, and perhaps with the secret
                    reason = str(error) if isinstance(error, ConnectorError) else type(error).__name__
                    self._count_outcome("secret not saved", reason)
                    return Answer(503)
                verifier = self.source.verifier
                self._keys = verifier.decode_secrets({verifier.key_name: [handshake.secret]})
                self.handlers.add_secret(handshake.secret)
                self._count_outcome("secret saved")
                return Answer(200, handshake.reply, handshake.headers)
        return await self._answer(delivery)

    async def _store_events(self, events: list[Event]) -> Answer:
        try:
            with SharedTimeout(self._store_timeouts):
                if not self._owns_inbox:
                    await asyncio.to_thread(self.open_inbox)
                await self.inbox.put_all_async(events, self.source.name)
        except (StoreError, UsageError, TimeoutError) as error:
            reason = str(error) or "the inbox is too slow"
            self._count_outcome("not kept", reason)
            self.last_failure = reason, self.inbox.clock.time()
            return Answer(503)
        self._count_outcome("kept")
        self.last_failure = None
        for event in events:
            if event.error is not None:
                self._count_outcome("unreadable", str(event.error))
        if self.dispatcher is not None:
            self.dispatcher.wake()
        elif self.handlers and self.counts["kept"] == 1:
            _log.warning("events are kept but not delivered: enter receiver.lifespan() in the application's lifespan")
        return Answer(200, {})

    def _count_outcome(self, outcome: str, details: str = "") -> None:
        """Count an outcome; log the 1st, 2nd, 4th, 8th ... refusal, so that senders cannot fill the disk."""
        self.counts[outcome] += 1
        count = self.counts[outcome]
        if outcome not in _EXPECTED_OUTCOMES and count & (count - 1) == 0:
            what = "event kept as dead" if outcome == "unreadable" else "delivery refused"
            _log.warning("%s (%d so far): %s", what, count, f"{outcome}: {details}" if details else outcome)

    async def _respond(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """Answer when the body is complete; close a connection with an unread body."""
        try:
            body = await self._read_body(scope, receive)
        except asgi.HttpError as error:
            self._count_outcome(error.reason)
            await asgi.send_error(scope, send, error.status, self.source.verifier.methods)
        except asgi.ClientDisconnected:
            pass
        else:
            query = scope["query_string"].decode("latin-1")
            status, content, named = await self.handle(scope["headers"], body, method=scope["method"], query=query)
            headers = [(name.encode(), value.encode()) for name, value in named.items()]
            if isinstance(content, str):
                await asgi.send_text(send, status, content, *headers)
            else:
                await asgi.send_response(send, status, _encode(content), *headers)

    async def _read_body(self, scope: asgi.Scope, receive: asgi.Receive) -> bytes:
        """Return the body of a request. Raises HttpError, ClientDisconnected."""
        if scope["method"] not in self.source.verifier.methods:
            raise asgi.HttpError(405, "method")
        asgi.check_content_length(scope, MAX_BODY_BYTES)
        try:
            with SharedTimeout(self._body_timeouts):
                return await asgi.read_body(receive, MAX_BODY_BYTES)
        except TimeoutError:
            raise asgi.HttpError(408, "too slow") from None


def _encode(content: Any) -> bytes:
    """Return JSON, or nothing for None; nearly all answers are the empty object."""
    return b"" if content is None else json.dumps(content).encode() if content else b"{}"
