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

from connector.core import redact
from connector.core.webhook import Challenge
from connector.edge.delivery import AT_ONCE, ATTEMPTS, TIMEOUT, Bounds, Delivery, Source
from connector.edge.handlers import Handlers
from connector.edge.webhook import scheme_of
from connector.errors import StoreError, UsageError, WebhookError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from connector.core.webhook import Event, Headers
    from connector.definition.load import Connector
    from connector.edge.clock import Clock
    from connector.edge.handlers import Handler
    from connector.edge.inbox import Inbox

LARGEST = 1 << 20  # bytes of a body
_LONGEST_NUMBER = 12  # digits of its length
BODY_TIME = 10.0  # seconds for a whole body
KEEP_TIME = 2.5  # seconds to make an event durable: a sender does not wait longer
DRAIN = 7.0  # seconds that handlers get to come to their end when the receiver stops
_EXTRA = ("starlette", "sqlalchemy")
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
        from starlette.routing import Router  # noqa: PLC0415  an extra

        from connector.edge.inbox import Inbox  # noqa: PLC0415  an extra

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
        self._lifespan = Router(lifespan=self.running)

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI says, whatever the path: who gives the receiver a path looks at it."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        from starlette.requests import ClientDisconnect, Request  # noqa: PLC0415  an extra
        from starlette.responses import Response  # noqa: PLC0415  an extra

        headers: dict[str, str] = {}
        try:
            status, said = await self._answered(Request(scope, receive), headers)
        except ClientDisconnect:
            return
        content = b"" if said is None else json.dumps(said).encode()
        response = Response(content, status, headers, "application/json" if content else None)
        await response(scope, receive, send)

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
            async with asyncio.timeout(KEEP_TIME):
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

    async def _answered(self, request: Request, headers: dict[str, str]) -> tuple[int, Any]:
        """Return status and JSON, once the body is there; a connection whose body is not read to its end is closed."""
        if request.method != "POST":
            headers["allow"] = "POST"
            return self._cut(405, "method", request, headers)
        length = request.headers.get("content-length", "0")
        if len(length) > _LONGEST_NUMBER or not (length.isascii() and length.isdecimal()) or int(length) > LARGEST:
            return self._cut(413, "too large", request, headers)
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_TIME):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > LARGEST:
                        return self._cut(413, "too large", request, headers)
        except TimeoutError:
            return self._cut(408, "too slow", request, headers)
        return await self.accept(request.headers.raw, bytes(body))

    def _cut(self, status: int, what: str, request: Request, headers: dict[str, str]) -> tuple[int, Any]:
        self._count(what)
        if request.scope["http_version"].startswith("1"):  # later ones have no such header
            headers["connection"] = "close"
        return status, None
