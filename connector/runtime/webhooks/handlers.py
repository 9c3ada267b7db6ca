"""The functions that events are handed to: which of them, how they are called, and why one failed."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from connector.core.webhook.signature import Event
from connector.errors import ConnectorError, UsageError

if TYPE_CHECKING:
    from connector.core.redaction import Redactor

Handler = Callable[[Event], Awaitable[Any] | Any]
_MAX_REASON_LENGTH = 500


class HandlerRegistry:
    """What is called with an event: functions by a pattern of its name, such as `meeting.*`, in the order given."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._handlers: list[tuple[str, Handler]] = []

    def __bool__(self) -> bool:
        return bool(self._handlers)

    def add(self, pattern: str, handler: Handler) -> None:
        """Call a function for every event whose name fits a pattern. Raises UsageError for what is no pattern."""
        if not isinstance(pattern, str):
            raise UsageError("A handler needs the pattern of a name.", hint='Write on("meeting.*"), or on() for all.')
        self._handlers.append((pattern, handler))

    async def call(self, event: Event, timeout: float) -> str:  # noqa: ASYNC109  also for functions in threads
        """Call every function that fits, one after another until one fails; return why, without secrets, or nothing.

        A function that is not `async` has a thread of its own. Python cannot end a thread: after `timeout` seconds
        it is left to itself.
        """
        try:
            async with asyncio.timeout(timeout):
                for pattern, handler in self._handlers:
                    if fnmatchcase(event.name, pattern):
                        await _invoke(handler, event)
        except TimeoutError as error:
            return self._build_reason(error, event) if str(error) else f"The handler was not done within {timeout:g} s."
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the receiver stops
            return self._build_reason(error, event)  # something that the handler waited for was cancelled
        except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a handler raises is its failure
            return self._build_reason(error, event)
        return ""

    def _build_reason(self, error: BaseException, event: Event) -> str:
        try:
            reason = str(error)
        except Exception:  # noqa: BLE001  a handler's own error may fail in any way
            reason = ""
        if not isinstance(error, ConnectorError):
            reason = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
        redactor = self._redactor.with_secrets(self._redactor.find_secrets(event.data))
        return redactor.redact_text(reason)[:_MAX_REASON_LENGTH]


async def _invoke(handler: Handler, event: Event) -> None:
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__):
        await handler(event)
        return
    result = await _run_in_daemon_thread(handler, event)
    if inspect.isawaitable(result):
        await result


async def _run_in_daemon_thread(handler: Handler, event: Event) -> Any:
    """Return what a function returns that may block, for ever too: no pool is filled, and no exit waits for it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[tuple[Any, Exception | None]] = loop.create_future()

    def resolve(outcome: tuple[Any, Exception | None]) -> None:
        if not future.done():
            future.set_result(outcome)

    def run() -> None:
        outcome: tuple[Any, Exception | None]
        try:
            outcome = handler(event), None
        except Exception as error:  # noqa: BLE001  it is raised where the event is delivered
            outcome = None, error
        except BaseException as error:  # noqa: BLE001  what ends a program ends no loop from a thread
            outcome = None, RuntimeError(repr(error))
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits for it
            loop.call_soon_threadsafe(resolve, outcome)

    threading.Thread(target=run, name="connector-handler", daemon=True).start()
    result, error = await future
    if error is not None:
        raise error
    return result
