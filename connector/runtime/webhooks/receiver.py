"""The receiver of a webhook, as an ASGI application: checked, durable, then 200; delivered after that.

Nothing of a request is echoed, and what is refused gets an empty answer whatever the reason: the reason is counted
and logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from connector.core import redaction
from connector.core.webhook.signature import Challenge
from connector.errors import StoreError, UsageError, WebhookError
from connector.runtime.extras import require
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
from connector.runtime.webhooks.verify import verifier_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from connector.core.webhook.signature import Event, Headers
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.runtime.webhooks.handlers import Handler
    from connector.runtime.webhooks.inbox import Inbox

MAX_BODY_BYTES = 1 << 20  # bytes of a body
BODY_TIMEOUT = 10.0  # seconds for a whole body
STORE_TIMEOUT = 2.5  # seconds to make an event durable: a sender does not wait longer
SHUTDOWN_TIMEOUT = 7.0  # seconds that handlers get to come to their end when the receiver stops
_REQUIRED_PACKAGES = ("sqlalchemy",)
_EXPECTED_OUTCOMES = ("kept", "challenge answered")
_log = logging.getLogger("connector.webhook")


def require_packages(*packages: str) -> None:
    """Raise UsageError when a package of the extra `server` is missing."""
    require("server", *packages)


class Receiver:
    """Receives the events of a connector's trigger; an ASGI application to serve, or to give a path in another one.

    `secret` is one or several, while one takes the place of another. `inbox` is the database that events wait in,
    `sqlite:///PATH` or `postgresql://...`; receivers of one trigger that share it are one, and one process of theirs
    delivers. `max_age` is seconds, the manifest's by default. `at_once` events are with their handlers, for `timeout`
    seconds at most; one that failed `attempts` times is set aside; with `ordered` one subject's events are delivered
    one after another. Raises UsageError for a secret that cannot be one, and where the packages of the extra
    `server` are missing.
    """

    def __init__(
        self,
        connector: Connector,
        secret: str | Sequence[str],
        *,
        inbox: str | Inbox,
        trigger: str | None = None,
        max_age: float | None = None,
        at_once: int = MAX_CONCURRENT,
        attempts: int = MAX_ATTEMPTS,
        timeout: float = HANDLER_TIMEOUT,
        ordered: bool = False,
        clock: Clock | None = None,
    ) -> None:
        require_packages(*_REQUIRED_PACKAGES)
        from connector.runtime.webhooks.inbox import Inbox  # noqa: PLC0415  an extra

        verifier = verifier_for(connector, trigger)
        self._secrets = [secret] if isinstance(secret, str) else list(secret)
        if not self._secrets:
            raise UsageError("No secret is given.", hint="Give the trigger's secret, or a list of them.")
        for each_secret in self._secrets:
            verifier.decode_secret(each_secret)
        self._source = EventSource(f"{connector.name}.{verifier.name}", verifier)
        self._max_age = max_age
        self._options = DeliveryOptions(at_once, attempts, timeout, ordered)
        self.inbox = Inbox(inbox, clock=clock) if isinstance(inbox, str) else inbox
        self.handlers = HandlerRegistry(redaction.redactor_for(connector).with_secrets(self._secrets))
        self.counts: Counter[str] = Counter()
        self._dispatcher: Dispatcher | None = None
        self._body_timeouts, self._store_timeouts = task_timeouts(BODY_TIMEOUT), task_timeouts(STORE_TIMEOUT)

    def __repr__(self) -> str:
        return f"<Receiver of {self._source.name}, {self.inbox!r}>"

    def on(self, pattern: str = "*") -> Callable[[Handler], Handler]:
        """Decorate a function that is called with each event whose name fits, such as `meeting.*`; sync or async.

        It may be called more than once for an event: use `event.key` to know it again. What it raises lets the event
        come again later. An `async` one shares the loop with the receiver, so it must not block.
        """

        def register(handler: Handler) -> Handler:
            self.handlers.add(pattern, handler)
            return handler

        return register

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """Answer as ASGI says, whatever the path: who gives the receiver a path looks at it."""
        if scope["type"] == "lifespan":
            await asgi.run_lifespan(self.running, receive, send)
        elif scope["type"] == "http":
            await self._respond(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    @contextlib.asynccontextmanager
    async def running(self, _: Any = None) -> AsyncIterator[None]:
        """Deliver for the time of an async with block; where another application has the receiver, in its lifespan.

        At its end, handlers have some seconds to come to theirs; what is not done is delivered again. Raises
        UsageError when the receiver is running already.
        """
        if self._dispatcher is not None:
            hint = "A server runs it by itself; enter running() where the receiver is part of an application."
            raise UsageError("The receiver is running already.", hint=hint)
        dispatcher = self._dispatcher = Dispatcher(self.inbox, self._source, self.handlers, self._options)
        task = asyncio.create_task(dispatcher.run())
        try:
            yield
        finally:
            dispatcher.stop(SHUTDOWN_TIMEOUT)
            try:
                await task
            finally:
                self._dispatcher = None

    async def accept(self, headers: Headers, body: bytes) -> tuple[int, Any]:
        """Return the status and the JSON to answer a delivery with; an event is durable when this returns 200.

        For a framework that is not ASGI; `headers` as `verify_webhook` takes them, `body` the bytes as they came.
        """
        try:
            verified = self._source.verifier.verify(
                self._secrets, headers, body, self.inbox.clock.time(), self._max_age
            )
        except WebhookError as error:
            self._count_outcome(error.reason)
            return error.status, None
        if isinstance(verified, Challenge):
            self._count_outcome("challenge answered")
            return 200, verified.reply
        return await self._store_event(verified)

    async def _store_event(self, event: Event) -> tuple[int, Any]:
        try:
            with SharedTimeout(self._store_timeouts):
                await self.inbox.put_async(event, self._source.name)
        except (StoreError, TimeoutError) as error:
            self._count_outcome("not kept", str(error) or "the inbox is too slow")
            return 503, None
        self._count_outcome("kept")
        if self._dispatcher is not None:
            self._dispatcher.wake()
        elif self.handlers and self.counts["kept"] == 1:
            _log.warning("events are kept, and not delivered here: enter running() in the application's lifespan")
        return 200, {}

    def _count_outcome(self, outcome: str, details: str = "") -> None:
        """Count, and log what is refused: the 1st, 2nd, 4th, 8th time and so on, so that nobody can fill the disk."""
        self.counts[outcome] += 1
        count = self.counts[outcome]
        if outcome not in _EXPECTED_OUTCOMES and count & (count - 1) == 0:
            _log.warning(
                "a delivery was refused, for the %d. time: %s", count, f"{outcome}: {details}" if details else outcome
            )

    async def _respond(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """Answer once the body is there; a connection whose body is not read to its end is closed."""
        try:
            body = await self._read_body(scope, receive)
        except asgi.HttpError as error:
            self._count_outcome(error.reason)
            await asgi.send_error(scope, send, error.status)
        except asgi.ClientDisconnected:
            pass
        else:
            status, content = await self.accept(scope["headers"], body)
            await asgi.send_response(send, status, b"" if content is None else json.dumps(content).encode())

    async def _read_body(self, scope: asgi.Scope, receive: asgi.Receive) -> bytes:
        """Return the body of a request. Raises RefusedError, GoneError."""
        if scope["method"] != "POST":
            raise asgi.HttpError(405, "method")
        asgi.check_content_length(scope, MAX_BODY_BYTES)
        try:
            with SharedTimeout(self._body_timeouts):
                return await asgi.read_body(receive, MAX_BODY_BYTES)
        except TimeoutError:
            raise asgi.HttpError(408, "too slow") from None
