"""The items of a listing, one after another, the next page read while the caller works on this one."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from connector.core.exchange import Page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from connector.core.exchange import Steps
    from connector.core.response import Result
    from connector.edge.calls import Started


class _Progress:
    """How far a listing is: `complete` once nothing is left, `pages` read, `result` the last page."""

    def __init__(self, started: Started, run: Steps) -> None:
        self._started = started
        self._run = run
        self._closed = False
        self.complete = False
        self.pages = 0
        self.result: Result | None = None

    def _took(self, got: Any) -> list[Any]:
        """Note a page and return its items; `got` is a Page, or the last Result."""
        self.result = got.result if isinstance(got, Page) else got
        assert self.result is not None
        self.pages = self.result.pages
        self.complete = self.result.complete and not isinstance(got, Page)
        return self._started.items(self.result)

    def _abandon(self) -> None:
        """Close the steps, unless a page is being read: then they end with that page."""
        self._closed = True
        if inspect.getgeneratorstate(self._run) != inspect.GEN_RUNNING:
            self._run.close()


class Items(_Progress):
    """Iterate over it; `.complete`, `.pages`, `.close()`; also a context manager.

    Errors come after the items that were read before them; a PageError says how many pages that were.
    """

    def __init__(self, started: Started, run: Steps, step: Callable[..., Any]) -> None:
        super().__init__(started, run)
        self._step = step
        self._iterator = self._all()

    def __iter__(self) -> Iterator[Any]:
        return self._iterator

    def __next__(self) -> Any:
        return next(self._iterator)

    def _all(self) -> Iterator[Any]:
        got = self._step(self._started, self._run, first=True)
        if not isinstance(got, Page):
            yield from self._took(got)
            return
        with ThreadPoolExecutor(1, thread_name_prefix="connector-items") as ahead:
            while isinstance(got, Page) and not self._closed:
                following: Future[Any] = ahead.submit(self._step, self._started, self._run, first=False)
                yield from self._took(got)
                if self._closed:
                    return
                got = following.result()
            if not self._closed:
                yield from self._took(got)

    def close(self) -> None:
        """Stop reading; what was read stays counted."""
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
        self._iterator = self._all()
        self._ahead: asyncio.Task[Any] | None = None

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._iterator

    async def __anext__(self) -> Any:
        return await anext(self._iterator)

    async def _all(self) -> AsyncIterator[Any]:
        got = await self._step(self._started, self._run, first=True)
        while isinstance(got, Page) and not self._closed:
            self._ahead = asyncio.create_task(self._step(self._started, self._run, first=False))
            try:
                for item in self._took(got):
                    yield item
                if self._closed:
                    return
                got = await self._ahead
            finally:
                await self._settle()
        if not self._closed:
            for item in self._took(got):
                yield item

    async def _settle(self) -> None:
        """Cancel a page that nobody will take, and let it end."""
        task = self._ahead
        if task is not None and not task.done():
            task.cancel()
        if task is not None:
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()

    async def aclose(self) -> None:
        """Stop reading; what was read stays counted."""
        self._closed = True
        await self._settle()
        self._abandon()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
