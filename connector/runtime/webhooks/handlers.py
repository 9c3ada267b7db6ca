"""Event handlers: register them by name pattern, call them, and explain failures."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from connector.core.webhook.event import Event
from connector.errors import ConnectorError, UsageError
from connector.runtime.process.door import enter_door

if TYPE_CHECKING:
    from connector.core.redaction import Redactor

Handler = Callable[[Event], Awaitable[Any] | Any]
_MAX_REASON_LENGTH = 500


class HandlerRegistry:
    """Handlers by name pattern, such as `meeting.*`, called in the order of registration."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._handlers: list[tuple[str, Handler]] = []
        self.observers: list[Callable[[float, str], None]] = []  # get the seconds of an event, and why it failed

    def __bool__(self) -> bool:
        return bool(self._handlers)

    def add(self, pattern: str, handler: Handler) -> None:
        """Register a handler for event names that match a pattern. Raises UsageError if the pattern is not a str."""
        if not isinstance(pattern, str):
            raise UsageError("A handler needs a pattern of event names.", hint='Use on("meeting.*"), or on() for all.')
        self._handlers.append((pattern, handler))

    def add_secret(self, secret: str) -> None:
        """Keep a secret out of the reasons of failures."""
        self._redactor = self._redactor.with_secrets([secret])

    async def call(self, event: Event, timeout: float) -> str:  # noqa: ASYNC109  also for handlers in threads
        """Call the matching handlers in order until one fails; return the reason without secrets, or an empty text.

        A handler that is not `async` runs in its own thread. After `timeout` seconds it is abandoned, as Python cannot
        end a thread.
        """
        began = time.monotonic()
        reason = await self._call_within(timeout, event)
        for observe in self.observers:
            observe(time.monotonic() - began, reason)
        return reason

    async def _call_within(self, seconds: float, event: Event) -> str:
        try:
            async with asyncio.timeout(seconds):
                for pattern, handler in self._handlers:
                    if fnmatchcase(event.name, pattern):
                        await _invoke(handler, event)
        except TimeoutError as error:
            return (
                self._build_reason(error, event) if str(error) else f"The handler did not finish within {seconds:g} s."
            )
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the receiver is stopping
            return self._build_reason(error, event)  # the handler awaited something that was cancelled
        except (Exception, SystemExit) as error:  # noqa: BLE001  any error of a handler is its failure
            return self._build_reason(error, event)
        return ""

    def _build_reason(self, error: BaseException, event: Event) -> str:
        try:
            reason = str(error)
        except Exception:  # noqa: BLE001  the str() of a handler's error may fail in any way
            reason = ""
        if not isinstance(error, ConnectorError):
            reason = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
        redactor = self._redactor.with_secrets(self._redactor.find_secrets(event.data))
        return redactor.redact_text(reason, _MAX_REASON_LENGTH)


async def _invoke(handler: Handler, event: Event) -> None:
    with enter_door("webhook"):
        if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__):
            await handler(event)
            return
        result = await _run_in_daemon_thread(handler, event)
        if inspect.isawaitable(result):
            await result


async def _run_in_daemon_thread(handler: Handler, event: Event) -> Any:
    """Call a function that may block for ever: a daemon thread fills no pool and delays no exit."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[tuple[Any, Exception | None]] = loop.create_future()
    context = contextvars.copy_context()

    def resolve(outcome: tuple[Any, Exception | None]) -> None:
        if not future.done():
            future.set_result(outcome)

    def run() -> None:
        outcome: tuple[Any, Exception | None]
        try:
            outcome = context.run(handler, event), None
        except Exception as error:  # noqa: BLE001  raised again by the caller
            outcome = None, error
        except BaseException as error:  # noqa: BLE001  SystemExit in a thread must not end the loop
            outcome = None, RuntimeError(repr(error))
        with contextlib.suppress(RuntimeError):  # the loop is closed: no caller waits
            loop.call_soon_threadsafe(resolve, outcome)

    threading.Thread(target=run, name="connector-handler", daemon=True).start()
    result, error = await future
    if error is not None:
        raise error
    return result
