"""The progress of a listing, told to the client page by page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from connector.core.exchange.asks import YieldPage
from connector.runtime.calls.observer import Observer

if TYPE_CHECKING:
    from mcp.server.session import ServerSession

    from connector.core.exchange.asks import Ask
    from connector.runtime.calls.observer import ObservedCall


class ListingProgress(Observer):
    """Counts the items of a listing; a client that did not ask for progress is told nothing."""

    def __init__(self, session: ServerSession, limit: int | None) -> None:
        self._session = session
        self._limit = limit
        self._items = 0
        self._reports: set[asyncio.Task[None]] = set()

    def after(self, call: ObservedCall, ask: Ask, answer: Any, times: tuple[float, float]) -> None:
        """Report a page that was read."""
        del answer, times  # a page has no answer
        if not isinstance(ask, YieldPage):
            return
        self._items += len(call.extract_items(ask.result))
        total = None if self._limit is None else float(max(self._limit, self._items))
        report = self._session.report_progress(self._items, total, f"{self._items:,} items")
        self._reports.add(asyncio.ensure_future(report))

    async def finish(self) -> None:
        """Wait until every report is sent, so that none comes after the answer."""
        if self._reports:
            await asyncio.wait(self._reports)
        for report in self._reports:
            report.exception()  # a client that is gone misses nothing
