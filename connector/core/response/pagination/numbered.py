"""Where a walk by page numbers or offsets stands, and which number comes next."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.core.response.pagination.page import MAX_DIGITS, UnexpectedPage
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.response.pagination.settings import Pagination

MAX_EMPTY_PAGES = 100  # in a row


@dataclass(slots=True)
class NumberedPages:
    """The number of the page that was read last, or the offset of its first entry."""

    pagination: Pagination
    number: int
    start: int
    asked_size: int | None
    largest: int = 0  # entries of the largest page: what the service gives at most
    smallest: int | None = None  # entries of the smallest page that had any
    has_grown: bool = False  # whether a page had more entries than one before it
    last_entries: list[Any] = field(default_factory=list)
    same_since: int = 0  # the number at which the last page came first
    has_guessed: bool = False  # whether an offset went over an empty page, by the size of another
    empty_pages: int = 0  # in a row

    @classmethod
    def begin(cls, pagination: Pagination, request: Request, asked_size: int | None) -> NumberedPages:
        """Return the state before the first page; a caller may begin at another page than the first."""
        given = pagination.cursor_param.get(request) if pagination.cursor_param else None
        number = int(str(given)) if _is_number(given) else pagination.first
        return cls(pagination, number, number, asked_size)

    @property
    def is_by_offset(self) -> bool:
        """Whether numbers count entries."""
        return self.pagination.style == "offset"

    @property
    def skipped(self) -> int:
        """The entries before the first page that was asked for."""
        return (self.start - self.pagination.first) * (1 if self.is_by_offset else self.largest)

    @property
    def covered(self) -> int:
        """How many entries of the list lie before the next page, hidden ones included."""
        if self.is_by_offset:
            return self.number - self.pagination.first + len(self.last_entries)
        return (self.number - self.pagination.first + 1) * (self.largest or self.asked_size or self.number)

    def take(self, entries: list[Any]) -> list[Any]:
        """Take a page, and return its entries without those that end the page before it.

        Where a service hides entries of a page, an offset that goes on by what came leads back by that many. Raises
        UnexpectedPage for the same page again.
        """
        self.largest = max(self.largest, len(entries))
        if entries:
            self.has_grown = self.has_grown or (self.smallest is not None and len(entries) > self.smallest)
            self.smallest = min(len(entries), self.smallest or len(entries))
        overlap = self._count_overlap(entries)
        is_same_page = bool(entries) and entries == self.last_entries
        if is_same_page and (not overlap or self.number - self.same_since >= self._page_size):
            raise UnexpectedPage("the same page came twice", "The service seems to ignore the parameter of the page.")
        self.empty_pages = 0 if entries else self.empty_pages + 1
        self.same_since = self.same_since if is_same_page else self.number
        self.last_entries = entries
        return entries[overlap:] if overlap else entries

    def _count_overlap(self, entries: list[Any]) -> int:
        previous = self.last_entries
        shortfall = self._page_size - len(previous)
        if not self.is_by_offset or not previous or not entries or shortfall <= 0:
            return 0
        longest = min(shortfall, len(previous), len(entries))
        overlaps = (size for size in range(longest, 0, -1) if entries[:size] == previous[-size:])
        return next((size for size in overlaps if _are_distinct(entries[:size], previous)), 0)

    @property
    def _page_size(self) -> int:
        """How many entries a page may have."""
        return max(self.largest, self.asked_size or 0)

    @property
    def doubt(self) -> str:
        """Why the numbers may have led past entries; empty where they have not."""
        if self.has_grown and not self.is_by_offset:
            return "a page had more items than one before it, so that the numbers of pages may have skipped some"
        return "an empty page came between, and nothing says how many items it stood for" if self.has_guessed else ""

    def may_go_on(self, *, has_more: bool | None, total: int | None) -> bool:
        """Whether there may be a next page. Raises UnexpectedPage when too many empty ones promise more."""
        if self.last_entries:
            return True
        if has_more and self.empty_pages >= MAX_EMPTY_PAGES:
            raise UnexpectedPage(f"{MAX_EMPTY_PAGES} pages in a row were empty, and promised more")
        is_total_ahead = total is not None and self.covered < total and self.empty_pages < MAX_EMPTY_PAGES
        return bool(has_more) or is_total_ahead

    def find_next(self) -> int | None:
        """Return the number of the next page, or None where an empty page leaves no size to go on by."""
        if not self.is_by_offset:
            return self.number + 1
        step = len(self.last_entries)
        if not step:
            self.has_guessed, step = True, self.smallest or self.asked_size or 0
        return self.number + step if step else None


def _are_distinct(entries: list[Any], page: list[Any]) -> bool:
    """Whether these entries of a page can be told from all others of it: equal ones may be different rows."""
    return all(isinstance(entry, dict) and page.count(entry) == 1 for entry in entries)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
    return type(value) is int
