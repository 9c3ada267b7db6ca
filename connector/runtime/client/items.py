"""Iterators over the items of a listing, which read the next page ahead."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Self

from connector.core.exchange.asks import YieldPage
from connector.errors import TransportError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVar

    from connector.core.exchange.asks import Steps
    from connector.core.response.result import Result
    from connector.runtime.calls.prepared import PreparedCall

    ItemT_co = TypeVar("ItemT_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    ItemT_co = TypeVar("ItemT_co", covariant=True)


class ItemStream:
    """The progress of a listing: `complete` once every item was returned, `pages` read, `result` the last page."""

    def __init__(self, call: PreparedCall | None) -> None:
        self._call = call
        self._steps: Steps | None = None if call is None else call.build_page_steps()
        self._page_items: deque[Any] = deque()
        self._closed = False
        self._has_ended = False
        self._is_fully_read = False  # everything was read
        self.pages = 0
        self.result: Result | None = None

    def _load_page(self, page_or_result: Any) -> None:
        """Load a page and its items from a YieldPage, or from the last Result."""
        result: Result = page_or_result.result if isinstance(page_or_result, YieldPage) else page_or_result
        assert self._call is not None
        self._page_items = deque(self._call.extract_items(result))
        self._has_ended = not isinstance(page_or_result, YieldPage)
        if self._has_ended:
            result = self._call.finish(result)
        self.result, self.pages, self._is_fully_read = result, result.pages, result.complete and self._has_ended

    @property
    def complete(self) -> bool:
        """Whether every item of the listing was returned."""
        return self._is_fully_read and not self._page_items

    def _repr_html_(self) -> str:
        """Return the progress and the last page for a notebook, without secrets."""
        if self.result is None:
            return "<p>Nothing was read yet.</p>"
        return f"<p>{self.pages} pages{', complete' if self.complete else ''}; the last:</p>{self.result._repr_html_()}"

    def _close_early(self) -> None:
        """End the call with what was read of it, and close the steps."""
        if self._call is not None and self.result is not None:
            self._call.finish(self.result)
        self._close_steps()

    def _close_steps(self) -> None:
        """Close the steps, unless a page is being read; then they end with that page."""
        if self._steps is None:
            return
        with contextlib.suppress(ValueError):  # a thread runs them just now
            self._steps.close()


class _PageReader(threading.Thread):
    """Reads a page ahead; a program that ends does not wait for it."""

    def __init__(self, read_page: Callable[[], Any]) -> None:
        super().__init__(name="connector-items", daemon=True)
        self._read_page = read_page
        self._outcome: tuple[Any, BaseException | None] | None = None
        try:
            self.start()
        except RuntimeError as error:
            message = f"Cannot start a thread to read the next page: {error}."
            self._outcome = None, TransportError(message, kind="thread")

    def run(self) -> None:
        """Read it."""
        try:
            self._outcome = self._read_page(), None
        except BaseException as error:  # noqa: BLE001  raised again by the caller
            self._outcome = None, error

    def wait(self) -> Any:
        """Wait for the page. Raises the error that came in its place."""
        if self._outcome is None:
            self.join()
        if self._outcome is None:  # this is a forked child, which does not have the thread
            raise UsageError("This listing was begun in another process.", hint="Begin it anew in this one.")
        page_or_result, error = self._outcome
        if error is not None:
            raise error
        return page_or_result


class Items(ItemStream, Generic[ItemT_co]):
    """A single-use iterator and context manager; `.complete`, `.pages`, `.close()`.

    A loop after a break continues where that stopped; after the end there are no items.
    Errors follow the items that were read before them; a PageError tells the number of pages.
    """

    def __init__(self, call: PreparedCall, drive: Callable[..., Any]) -> None:
        super().__init__(call)
        self._drive = drive
        self._reader: _PageReader | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ItemT_co:
        while not self._closed:
            if self._page_items:
                item: ItemT_co = self._page_items.popleft()
                return item
            if self._has_ended:
                break
            self._advance()
        raise StopIteration

    def _advance(self) -> None:
        """Load the next page, and start reading the one after it."""
        self._has_ended = True  # nothing follows an error
        page_or_result = self._reader.wait() if self._reader else self._read_page(first=True)
        self._load_page(page_or_result)
        if isinstance(page_or_result, YieldPage) and not self._closed:
            self._reader = _PageReader(self._read_page)

    def _read_page(self, *, first: bool = False) -> Any:
        try:
            return self._drive(self._call, self._steps, first=first)
        finally:
            if self._closed:  # meanwhile
                self._close_steps()

    def close(self) -> None:
        """Stop reading; counts stay. A page in progress ends in the background."""
        self._closed = True
        self._close_early()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
