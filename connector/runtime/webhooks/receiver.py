"""The receiver of a webhook, as an ASGI application: checked, durable, then 200; delivered after that.

Nothing of a request is echoed, and what is refused gets an empty answer whatever the reason: the reason is counted
and logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from connector.core import redaction as redact
from connector.core.webhook.signature import Challenge
from connector.errors import StoreError, UsageError, WebhookError
from connector.runtime.webhooks import asgi
from connector.runtime.webhooks.dispatcher import AT_ONCE, ATTEMPTS, TIMEOUT, Bounds, Delivery, Source
from connector.runtime.webhooks.handlers import Handlers
from connector.runtime.webhooks.timeouts import Within, of_tasks
from connector.runtime.webhooks.verify import scheme_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from connector.core.webhook.signature import Event, Headers
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.runtime.webhooks.handlers import Handler
    from connector.runtime.webhooks.inbox import Inbox

LARGEST = 1 << 20  # bytes of a body
BODY_TIME = 10.0  # seconds for a whole body
KEEP_TIME = 2.5  # seconds to make an event durable: a sender does not wait longer
DRAIN = 7.0  # seconds that handlers get to come to their end when the receiver stops
_EXTRA = ("sqlalchemy",)
_FINE = ("kept", "challenge answered")
_log = logging.getLogger("connector.webhook")


def require(*packages: str) -> None:
    """Raise UsageError when a package of the extra `server` is missing."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            hint = "Run: pip install 'connector[server]'"
            raise UsageError(f"A receiver needs the package {package}.", hint=hint)


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
        at_once: int = AT_ONCE,
        attempts: int = ATTEMPTS,
        timeout: float = TIMEOUT,
        ordered: bool = False,
        clock: Clock | None = None,
    ) -> None:
        require(*_EXTRA)
        from connector.runtime.webhooks.inbox import Inbox  # noqa: PLC0415  an extra

        scheme = scheme_of(connector, trigger)
        self._secrets = [secret] if isinstance(secret, str) else list(secret)
        if not self._secrets:
            raise UsageError("No secret is given.", hint="Give the trigger's secret, or a list of them.")
        for one in self._secrets:
            scheme.secret(one)
        self._source = Source(f"{connector.name}.{scheme.name}", scheme)
        self._max_age = max_age
        self._bounds = Bounds(at_once, attempts, timeout, ordered)
        self.inbox = Inbox(inbox, clock=clock) if isinstance(inbox, str) else inbox
        self.handlers = Handlers(redact.of(connector).knowing(self._secrets))
        self.counts: Counter[str] = Counter()
        self._delivery: Delivery | None = None
        self._body_time, self._keep_time = of_tasks(BODY_TIME), of_tasks(KEEP_TIME)

    def __repr__(self) -> str:
        return f"<Receiver of {self._source.name}, {self.inbox!r}>"

    def on(self, pattern: str = "*") -> Callable[[Handler], Handler]:
        """Decorate a function that is called with each event whose name fits, such as `meeting.*`; sync or async.

        It may be called more than once for an event: use `event.key` to know it again. What it raises lets the event
        come again later. An `async` one shares the loop with the receiver, so it must not block.
        """

        def take(handler: Handler) -> Handler:
            self.handlers.add(pattern, handler)
            return handler

        return take

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """Answer as ASGI says, whatever the path: who gives the receiver a path looks at it."""
        if scope["type"] == "lifespan":
            await asgi.lifespan(self.running, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    @contextlib.asynccontextmanager
    async def running(self, _: Any = None) -> AsyncIterator[None]:
        """Deliver for the time of an async with block; where another application has the receiver, in its lifespan.

        At its end, handlers have some seconds to come to theirs; what is not done is delivered again. Raises
        UsageError when the receiver is running already.
        """
        if self._delivery is not None:
            hint = "A server runs it by itself; enter running() where the receiver is part of an application."
            raise UsageError("The receiver is running already.", hint=hint)
        delivery = self._delivery = Delivery(self.inbox, self._source, self.handlers, self._bounds)
        task = asyncio.create_task(delivery.run())
        try:
            yield
        finally:
            delivery.stop(DRAIN)
            try:
                await task
            finally:
                self._delivery = None

    async def accept(self, headers: Headers, body: bytes) -> tuple[int, Any]:
        """Return the status and the JSON to answer a delivery with; an event is durable when this returns 200.

        For a framework that is not ASGI; `headers` as `verify_webhook` takes them, `body` the bytes as they came.
        """
        try:
            got = self._source.scheme.verify(self._secrets, headers, body, self.inbox.clock.time(), self._max_age)
        except WebhookError as error:
            self._count(error.reason)
            return error.status, None
        if isinstance(got, Challenge):
            self._count("challenge answered")
            return 200, got.reply
        return await self._kept(got)

    async def _kept(self, event: Event) -> tuple[int, Any]:
        try:
            with Within(self._keep_time):
                await self.inbox.put_here(event, self._source.name)
        except (StoreError, TimeoutError) as error:
            self._count("not kept", str(error) or "the inbox is too slow")
            return 503, None
        self._count("kept")
        if self._delivery is not None:
            self._delivery.wake()
        elif self.handlers and self.counts["kept"] == 1:
            _log.warning("events are kept, and not delivered here: enter running() in the application's lifespan")
        return 200, {}

    def _count(self, what: str, more: str = "") -> None:
        """Count, and log what is refused: the 1st, 2nd, 4th, 8th time and so on, so that nobody can fill the disk."""
        self.counts[what] += 1
        times = self.counts[what]
        if what not in _FINE and times & (times - 1) == 0:
            _log.warning("a delivery was refused, for the %d. time: %s", times, f"{what}: {more}" if more else what)

    async def _answer(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        """Answer once the body is there; a connection whose body is not read to its end is closed."""
        try:
            body = await self._body(scope, receive)
        except asgi.RefusedError as refused:
            self._count(refused.reason)
            await asgi.refuse(scope, send, refused.status)
        except asgi.GoneError:
            pass
        else:
            status, said = await self.accept(scope["headers"], body)
            await asgi.answer(send, status, b"" if said is None else json.dumps(said).encode())

    async def _body(self, scope: asgi.Scope, receive: asgi.Receive) -> bytes:
        """Return the body of a request. Raises RefusedError, GoneError."""
        if scope["method"] != "POST":
            raise asgi.RefusedError(405, "method")
        asgi.judge_length(scope, LARGEST)
        try:
            with Within(self._body_time):
                return await asgi.body(receive, LARGEST)
        except TimeoutError:
            raise asgi.RefusedError(408, "too slow") from None
