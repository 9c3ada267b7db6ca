"""Where a walk by page numbers or offsets stands, and which number comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.core.response.pagination.page import UnexpectedPage

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.response.pagination.settings import Pagination


@dataclass(slots=True)
class NumberedPages:
    """The number of the page that was read last, or the offset of its first entry."""

    pagination: Pagination
    number: int
    start: int
    asked_size: int | None
    largest: int = 0  # entries of the largest page: what the service gives at most
    last_entries: list[Any] = field(default_factory=list)
    only_overlapped: bool = False  # whether the last page brought nothing new

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
        return (self.number - self.pagination.first + 1) * self.largest

    def take(self, entries: list[Any]) -> list[Any]:
        """Take a page, and return its entries without those that end the page before it.

        Where a service hides entries of a page, an offset that goes on by what came leads back by that many. Raises
        UnexpectedPage for the same page again.
        """
        self.largest = max(self.largest, len(entries))
        overlap = self._count_overlap(entries)
        is_same_page = bool(entries) and entries == self.last_entries
        if is_same_page and (not overlap or self.only_overlapped):
            raise UnexpectedPage("the same page came twice", "The service seems to ignore the parameter of the page.")
        self.only_overlapped = bool(entries) and overlap == len(entries)
        self.last_entries = entries
        return entries[overlap:] if overlap else entries

    def _count_overlap(self, entries: list[Any]) -> int:
        previous = self.last_entries
        shortfall = self.largest - len(previous)
        if not self.is_by_offset or not previous or not entries or shortfall <= 0:
            return 0
        longest = min(shortfall, len(previous), len(entries))
        overlaps = (size for size in range(longest, 0, -1) if entries[:size] == previous[-size:])
        return next((size for size in overlaps if isinstance(entries[0], dict)), 0)

    def find_next(self) -> int | None:
        """Return the number of the next page, or None where an empty page leaves no size to go on by."""
        if not self.is_by_offset:
            return self.number + 1
        step = len(self.last_entries) or self.largest or self.asked_size
        return self.number + step if step else None


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) < _MAX_DIGITS
    return type(value) is int


_MAX_DIGITS = 18
