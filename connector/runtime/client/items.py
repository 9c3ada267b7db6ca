"""Iterators over the items of a listing, which read the next page ahead."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from concurrent.futures import Future
from itertools import chain
from operator import length_hint
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Self

from connector.core.exchange.asks import YieldPage
from connector.errors import TransportError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        self._page_items: Iterator[Any] = iter(())  # those of the last page that no one had yet
        self._closed = False
        self._has_ended = False
        self._is_fully_read = False  # everything was read
        self.pages = 0
        self.result: Result | None = None

    def _load_page(self, page_or_result: Any) -> None:
        """Load a page and its items from a YieldPage, or from the last Result."""
        result: Result = page_or_result.result if isinstance(page_or_result, YieldPage) else page_or_result
        assert self._call is not None
        self._page_items = iter(tuple(self._call.extract_items(result)))
        self._has_ended = not isinstance(page_or_result, YieldPage)
        if self._has_ended:
            result = self._call.finish(result)
        self.result, self.pages, self._is_fully_read = result, result.pages, result.complete and self._has_ended

    @property
    def complete(self) -> bool:
        """Whether every item of the listing was returned."""
        return self._is_fully_read and not length_hint(self._page_items)

    def _repr_html_(self) -> str:
        """Return the progress and the last page for a notebook, without secrets."""
        if self.result is None:
            return "<p>Nothing was read yet.</p>"
        return f"<p>Pages: {self.pages}{', complete' if self.complete else ''}; last:</p>{self.result._repr_html_()}"

    def _close_early(self) -> None:
        """End the call with what was read of it, and close the steps; a loop in progress gets no more items."""
        self._is_fully_read = self.complete
        deque(self._page_items, maxlen=0)
        if self._call is not None and self.result is not None:
            self._call.finish(self.result)
        self._close_steps()

    def _close_steps(self) -> None:
        """Close the steps, unless a page is being read; then they end with that page."""
        if self._steps is None:
            return
        with contextlib.suppress(ValueError):  # a thread runs them just now
            self._steps.close()


class _PageReader:
    """Reads one page ahead, on a thread that ends with the listing; a program that ends does not wait for it."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._requests: SimpleQueue[Any] = SimpleQueue()
        self._page: Future[Any] = Future()

    def begin(self, read_page: Callable[[], Any]) -> None:
        """Begin to read a page."""
        self._page = Future()
        try:
            if self._thread is None or not self._thread.is_alive():  # a forked child has none of its parent's
                self._requests = SimpleQueue()
                self._thread = threading.Thread(
                    target=_read_pages, args=(self._requests,), name="connector-items", daemon=True
                )
                self._thread.start()
        except RuntimeError as error:
            message = f"Cannot start a thread to read the next page: {error}."
            self._page.set_exception(TransportError(message, kind="thread"))
        else:
            self._requests.put((self._page, read_page))

    def wait(self) -> Any:
        """Wait for the page. Raises the error that came in its place."""
        if not self._page.done() and (self._thread is None or not self._thread.is_alive()):
            raise UsageError("This listing was begun in another process.", hint="Begin it anew in this one.")
        return self._page.result()

    def end(self) -> None:
        """End the thread, after the page that it reads."""
        self._requests.put(None)

    __del__ = end


def _read_pages(requests: SimpleQueue[Any]) -> None:
    while (request := requests.get()) is not None:
        _read_page(*request)
        del request  # a thread that waits keeps no listing alive


def _read_page(page: Future[Any], read_page: Callable[[], Any]) -> None:
    try:
        page.set_result(read_page())
    except BaseException as error:  # noqa: BLE001  raised again by the caller
        page.set_exception(error)


class Items(ItemStream, Generic[ItemT_co]):
    """A single-use iterator and context manager; `.complete`, `.pages`, `.close()`.

    A loop after a break continues where that stopped; after the end there are no items.
    Errors follow the items that were read before them; a PageError tells the number of pages.
    """

    def __init__(self, call: PreparedCall, drive: Callable[..., Any]) -> None:
        super().__init__(call)
        self._drive = drive
        self._reader = _PageReader()

    def __iter__(self) -> Iterator[ItemT_co]:
        return chain.from_iterable(self._iter_pages())

    def __next__(self) -> ItemT_co:
        return next(iter(self))

    def _iter_pages(self) -> Iterator[Iterator[ItemT_co]]:
        """Yield the items of each page, and before them what an earlier loop has left."""
        while not self._closed:
            yield self._page_items
            if self._has_ended or self._closed:
                return
            self._advance()

    def _advance(self) -> None:
        """Load the next page, and start reading the one after it."""
        self._has_ended = True  # nothing follows an error
        try:
            self._load_page(self._read_page(first=True) if self.result is None else self._reader.wait())
        finally:
            if self._has_ended:
                self._reader.end()
        if not self._has_ended and not self._closed:
            self._reader.begin(self._read_page)

    def _read_page(self, *, first: bool = False) -> Any:
        try:
            return self._drive(self._call, self._steps, first=first)
        finally:
            if self._closed:  # meanwhile
                self._close_steps()

    def close(self) -> None:
        """Stop reading; counts stay. A page in progress ends in the background."""
        self._closed = True
        self._reader.end()
        self._close_early()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
