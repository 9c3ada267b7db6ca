"""Pagination: select the requested page of a list."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from connector.core.json_path import get_at
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.core.request.parameter import Parameter
    from connector.core.response.pagination.settings import Pagination
    from connector.sandbox.http.request import SandboxRequest

T = TypeVar("T")
DEFAULT_CURSOR_NAME = "cursor"  # of the query, when the definitions name no place
_DEFAULT_PAGE_SIZE = 30  # items per page when neither request nor definitions say
_MAX_DIGITS = 9  # digits of a number in a request


class UnknownCursor(Exception):
    """An unknown cursor: the field it came in. Internal; mapped to an HTTP error in service.py."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The requested page: its size, and where it starts (a cursor, or a number)."""

    size: int
    cursor: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class ListAdapter(Generic[T]):
    """How pagination reads a list: its scope, entry positions, and cursor values of style `last`."""

    scope: str
    position_of: Callable[[T], int]
    cursor_of: Callable[[T], Any]


@dataclass(frozen=True, slots=True)
class PageSlice(Generic[T]):
    """One page of a list: entries, next cursor (None at the end), total count."""

    entries: Sequence[T]
    next_cursor: str | None
    total: int
    is_complete: bool


def parse_page_request(
    pagination: Pagination, request: SandboxRequest, body: Any, example: Any, errors: dict[str, str]
) -> PageRequest:
    """Parse the requested page size and start; add problems to `errors`."""
    size = _read_int(pagination.size_param, request, body, errors, (1, pagination.max_size))
    if size is None:
        size = _choose_page_size(pagination, example)
    if pagination.style in ("page_number", "offset"):
        number = _read_int(pagination.cursor_param, request, body, errors, (pagination.first, None))
        return PageRequest(size, number=pagination.first if number is None else number)
    cursor = _read_value(pagination.cursor_param, request, body)
    return PageRequest(size, None if cursor in (None, "") else str(cursor))


def _read_value(parameter: Parameter | None, request: SandboxRequest, body: Any) -> Any:
    if parameter is None or parameter.location.part == "query":
        return dict(request.query).get(parameter.name if parameter else DEFAULT_CURSOR_NAME)
    return get_at(body, parameter.location.path)


def _read_int(
    parameter: Parameter | None,
    request: SandboxRequest,
    body: Any,
    errors: dict[str, str],
    limits: tuple[int, int | None],
) -> int | None:
    if parameter is None:
        return None
    raw = _read_value(parameter, request, body)
    if raw is None:
        return None
    minimum, maximum = limits
    number = int(raw) if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) <= _MAX_DIGITS else raw
    if type(number) is int and minimum <= number and (maximum is None or number <= maximum):
        return number
    expected = f"a whole number from {minimum}" + (f" to {maximum}" if maximum is not None else "")
    errors.setdefault(_name_parameter(parameter), f"Expected {expected}; got {str(raw)[:40]}.")
    return None


def _name_parameter(parameter: Parameter | None) -> str:
    """Return the name of a parameter for an error message."""
    return ".".join(parameter.location.path) if parameter else DEFAULT_CURSOR_NAME


def _choose_page_size(pagination: Pagination, example: Any) -> int:
    if pagination.size_param is None:
        return pagination.max_size or _DEFAULT_PAGE_SIZE
    example_size = get_at(example, pagination.size_param.location.path)
    default_size = example_size if type(example_size) is int and example_size > 0 else _DEFAULT_PAGE_SIZE
    return min(default_size, pagination.max_size or default_size)


def slice_page(
    pagination: Pagination, page_request: PageRequest, entries: Sequence[T], adapter: ListAdapter[T]
) -> PageSlice[T]:
    """Return the requested page of a list. Raises UnknownCursor."""
    start = _find_start(pagination, page_request, entries, adapter)
    page_entries = entries[start : start + page_request.size]
    has_more = start + len(page_entries) < len(entries)
    next_cursor = encode_cursor(adapter.position_of(page_entries[-1]), adapter.scope) if has_more else None
    return PageSlice(page_entries, next_cursor, len(entries), not start and not has_more)


def slice_looping_page(
    pagination: Pagination, page_request: PageRequest, entries: Sequence[T], adapter: ListAdapter[T]
) -> PageSlice[T]:
    """Return a page whose cursor always leads back to the first page."""
    if pagination.style in ("page_number", "offset"):
        return slice_page(pagination, page_request, entries, adapter)
    return PageSlice(entries[: page_request.size], encode_cursor(0, adapter.scope), len(entries), is_complete=False)


def _find_start(
    pagination: Pagination, page_request: PageRequest, entries: Sequence[T], adapter: ListAdapter[T]
) -> int:
    if pagination.style == "page_number":
        return (page_request.number - pagination.first) * page_request.size
    if pagination.style == "offset":
        return page_request.number - pagination.first
    if page_request.cursor is None:
        return 0
    if pagination.style == "last_item" and pagination.plus:
        begins_at = int(page_request.cursor) if page_request.cursor.lstrip("-").isdecimal() else None
        sign = 1 if pagination.plus > 0 else -1
        matches = (
            index
            for index, entry in enumerate(entries)
            if begins_at is not None and sign * (int(adapter.cursor_of(entry)) - begins_at) >= 0
        )
        start = next(matches, len(entries) if begins_at is not None else None)
    elif pagination.style == "last_item":
        matches = (
            index for index, entry in enumerate(entries, 1) if str(adapter.cursor_of(entry)) == page_request.cursor
        )
        start = next(matches, None)
    else:
        position = _decode_cursor(page_request.cursor, adapter.scope)
        later_indexes = (
            index
            for index, entry in enumerate(entries)
            if position is not None and adapter.position_of(entry) > position
        )
        start = next(later_indexes, len(entries)) if position is not None else None
    if start is None:
        raise UnknownCursor(_name_parameter(pagination.cursor_param))
    return start


def encode_cursor(position: int, scope: str) -> str:
    """Encode a cursor for the entries after a position; it survives removals."""
    return base64.urlsafe_b64encode(f"{position}.{_checksum(position, scope)}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str, scope: str) -> int | None:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        return None
    position, _, checksum = text.partition(".")
    if not position.isdigit() or checksum != _checksum(int(position), scope):
        return None
    return int(position)


def _checksum(position: int, scope: str) -> str:
    return hashlib.blake2b(f"{scope} {position}".encode(), digest_size=6).hexdigest()
