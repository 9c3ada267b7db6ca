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
_LONGEST_REASON = 500


class Handlers:
    """What is called with an event: functions by a pattern of its name, such as `meeting.*`, in the order given."""

    def __init__(self, safe: Redactor) -> None:
        self._safe = safe
        self._of: list[tuple[str, Handler]] = []

    def __bool__(self) -> bool:
        return bool(self._of)

    def add(self, pattern: str, handler: Handler) -> None:
        """Call a function for every event whose name fits a pattern. Raises UsageError for what is no pattern."""
        if not isinstance(pattern, str):
            raise UsageError("A handler needs the pattern of a name.", hint='Write on("meeting.*"), or on() for all.')
        self._of.append((pattern, handler))

    async def call(self, event: Event, timeout: float) -> str:  # noqa: ASYNC109  also for functions in threads
        """Call every function that fits, one after another until one fails; return why, without secrets, or nothing.

        A function that is not `async` has a thread of its own. Python cannot end a thread: after `timeout` seconds
        it is left to itself.
        """
        try:
            async with asyncio.timeout(timeout):
                for pattern, handler in self._of:
                    if fnmatchcase(event.name, pattern):
                        await _called(handler, event)
        except TimeoutError as error:
            return self._reason(error, event) if str(error) else f"The handler was not done within {timeout:g} s."
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the receiver stops
            return self._reason(error, event)  # something that the handler waited for was cancelled
        except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a handler raises is its failure
            return self._reason(error, event)
        return ""

    def _reason(self, error: BaseException, event: Event) -> str:
        try:
            said = str(error)
        except Exception:  # noqa: BLE001  a handler's own error may fail in any way
            said = ""
        if not isinstance(error, ConnectorError):
            said = f"{type(error).__name__}: {said}" if said else type(error).__name__
        safe = self._safe.knowing(self._safe.secrets_in(event.data))
        return safe.text(said)[:_LONGEST_REASON]


async def _called(handler: Handler, event: Event) -> None:
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__):
        await handler(event)
        return
    found = await _in_a_thread(handler, event)
    if inspect.isawaitable(found):
        await found


async def _in_a_thread(handler: Handler, event: Event) -> Any:
    """Return what a function returns that may block, for ever too: no pool is filled, and no exit waits for it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[Any, Exception | None]] = loop.create_future()

    def tell(outcome: tuple[Any, Exception | None]) -> None:
        if not done.done():
            done.set_result(outcome)

    def work() -> None:
        outcome: tuple[Any, Exception | None]
        try:
            outcome = handler(event), None
        except Exception as error:  # noqa: BLE001  it is raised where the event is delivered
            outcome = None, error
        except BaseException as error:  # noqa: BLE001  what ends a program ends no loop from a thread
            outcome = None, RuntimeError(repr(error))
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits for it
            loop.call_soon_threadsafe(tell, outcome)

    threading.Thread(target=work, name="connector-handler", daemon=True).start()
    result, error = await done
    if error is not None:
        raise error
    return result
