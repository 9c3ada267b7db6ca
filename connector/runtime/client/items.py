"""The items of a listing, one after another, the next page read while the caller works on this one."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from connector.core.exchange.exchange import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from connector.core.exchange.exchange import Steps
    from connector.core.response.parser import Result
    from connector.runtime.calls.prepared import Started


class _Progress:
    """How far a listing is: `complete` once nothing is left to hand out, `pages` read, `result` the last page."""

    def __init__(self, started: Started, run: Steps) -> None:
        self._started = started
        self._run = run
        self._page: deque[Any] = deque()
        self._closed = False
        self._ended = False
        self._whole = False  # everything was read
        self.pages = 0
        self.result: Result | None = None

    def _took(self, got: Any) -> None:
        """Note a page and its items; `got` is a Page, or the last Result."""
        result: Result = got.result if isinstance(got, Page) else got
        self._page = deque(self._started.items(result))
        self._ended = not isinstance(got, Page)
        self.result, self.pages, self._whole = result, result.pages, result.complete and self._ended

    @property
    def complete(self) -> bool:
        """Whether every item of the listing was handed out."""
        return self._whole and not self._page

    def _abandon(self, *_: object) -> None:
        """Close the steps, unless a page is being read: then they end with that page."""
        if inspect.getgeneratorstate(self._run) != inspect.GEN_RUNNING:
            self._run.close()


class Items(_Progress):
    """An iterator, good for one time; `.complete`, `.pages`, `.close()`; also a context manager.

    A loop after a break goes on where that stopped; one after the end finds nothing: ask for a new one.
    Errors come after the items that were read before them; a PageError says how many pages that were.
    """

    def __init__(self, started: Started, run: Steps, step: Callable[..., Any]) -> None:
        super().__init__(started, run)
        self._step = step
        self._reader: ThreadPoolExecutor | None = None
        self._ahead: Future[Any] | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        while not self._closed:
            if self._page:
                return self._page.popleft()
            if self._ended:
                break
            self._turn()
        raise StopIteration

    def _turn(self) -> None:
        """Take the next page, and begin to read the one after it."""
        self._ended = True  # after an error there is no more
        got = self._ahead.result() if self._ahead else self._step(self._started, self._run, first=True)
        self._took(got)
        if isinstance(got, Page) and not self._closed:
            self._reader = self._reader or ThreadPoolExecutor(1, thread_name_prefix="connector-items")
            self._ahead = self._reader.submit(self._step, self._started, self._run, first=False)
        elif self._reader:
            self._reader.shutdown(wait=False)

    def close(self) -> None:
        """Stop reading; what was read stays counted. A page that is being read ends by itself, unseen."""
        self._closed = True
        if self._reader:
            self._reader.shutdown(wait=False)
        if self._ahead:
            self._ahead.add_done_callback(self._abandon)
        else:
            self._abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncItems(_Progress):
    """As Items, for `async for` and `async with`."""

    def __init__(self, started: Started, run: Steps, step: Callable[..., Coroutine[Any, Any, Any]]) -> None:
        super().__init__(started, run)
        self._step = step
        self._ahead: asyncio.Task[Any] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        while not self._closed:
            if self._page:
                return self._page.popleft()
            if self._ended:
                break
            await self._turn()
        raise StopAsyncIteration

    async def _turn(self) -> None:
        self._ended = True
        got = await (self._ahead or self._step(self._started, self._run, first=True))
        self._took(got)
        if isinstance(got, Page) and not self._closed:
            self._ahead = asyncio.create_task(self._step(self._started, self._run, first=False))
            self._ahead.add_done_callback(_retrieved)

    async def aclose(self) -> None:
        """Stop reading; what was read stays counted."""
        self._closed = True
        if self._ahead and not self._ahead.done():
            self._ahead.cancel()
            await asyncio.wait([self._ahead])
        self._abandon()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _retrieved(task: asyncio.Task[Any]) -> None:
    """Take a task's error, so that a page nobody waits for any more fails in silence."""
    if not task.cancelled():
        task.exception()
