"""The iterator over the items of a listing for tasks, which reads the next page ahead."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, Self

from connector.core.exchange.asks import YieldPage
from connector.runtime.client.items import ItemStream, ItemT_co

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from connector.runtime.calls.prepared import PreparedCall


class AsyncItems(ItemStream, Generic[ItemT_co]):
    """As Items, for `async for` and `async with`; its call is prepared with the first item."""

    def __init__(
        self,
        prepare: Callable[[], Coroutine[Any, Any, PreparedCall]],
        drive: Callable[..., Coroutine[Any, Any, Any]],
    ) -> None:
        super().__init__(None)
        self._prepare = prepare
        self._drive = drive
        self._prefetch: asyncio.Task[Any] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ItemT_co:
        item: ItemT_co
        while not self._closed:
            for item in self._page_items:
                return item
            if self._has_ended:
                break
            await self._advance()
        raise StopAsyncIteration

    async def _advance(self) -> None:
        self._has_ended = True
        if self._call is None:
            self._call = await self._prepare()
            self._steps = self._call.build_page_steps()
        page_or_result = await (self._prefetch or self._drive(self._call, self._steps, first=True))
        self._load_page(page_or_result)
        if isinstance(page_or_result, YieldPage) and not self._closed:
            self._prefetch = asyncio.create_task(self._drive(self._call, self._steps, first=False))
            self._prefetch.add_done_callback(_consume_exception)

    async def aclose(self) -> None:
        """Stop reading; counts stay."""
        self._closed = True
        if self._prefetch and not self._prefetch.done():
            self._prefetch.cancel()
            await asyncio.wait([self._prefetch])
        self._close_early()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _consume_exception(task: asyncio.Task[Any]) -> None:
    """Consume the exception of an abandoned prefetch."""
    if not task.cancelled():
        task.exception()
