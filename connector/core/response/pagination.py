"""Pagination: derive the next request from a result. A repeated cursor raises PageError."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector.core import url_policy
from connector.core.invalid_value import InvalidValue
from connector.core.json_path import get_at_path, set_at_path
from connector.core.request.body import Body
from connector.errors import PageError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.action import Action, ActionPagination
    from connector.definition.manifest import Manifest

MAX_PAGES = 1_000
_UNEXPECTED_PAGING_HINT = "The service pages in an unexpected way; the error carries what was read so far."
_NEXT_LINK_PATTERN = re.compile(r"<([^<>]*)>\s*;(?:[^,<]*;)?\s*rel=\"?next\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pagination:
    """How a list is paged: the manifest's settings, overridden by the action's."""

    style: str
    items: str
    next: str | None
    cursor_param: str | None
    size_param: str | None
    max_size: int | None
    first: int
    has_more: str | None

    @classmethod
    def from_definition(cls, manifest: Manifest, pages: ActionPagination) -> Pagination:
        """Merge the settings; a list without pagination is one page."""
        defaults = manifest.pagination.model_dump(exclude_unset=True)
        merged = {**defaults, **pages.model_dump(exclude_unset=True)}
        style = merged.get("style") or "cursor"
        first = merged.get("first", 1 if style == "page_number" else 0)
        options = {key: merged.get(key) for key in ("next", "cursor_param", "size_param", "max_size", "has_more")}
        return cls(style=style, items=pages.items, first=first, **options)


def pagination_for(manifest: Manifest, action: Action) -> Pagination | None:
    """Return how an action's list is paged, or None when the action returns no list."""
    return Pagination.from_definition(manifest, action.pagination) if action.pagination else None


@dataclass(slots=True)
class Paginator:
    """Walks the pages of one list: position, seen cursors and item limit."""

    pagination: Pagination
    limit: int | None = None
    max_pages: int | None = None
    page_count: int = 0
    item_count: int = 0
    cursor: str | None = None
    complete: bool = False
    truncated: bool = False
    seen_cursors: set[str] = field(default_factory=set)

    def build_first_request(self, request: Request) -> Request:
        """Return the first request, with the page size."""
        max_size = self.pagination.max_size
        size = min(self.limit, max_size) if self.limit and max_size else max_size
        if self.pagination.size_param and size and not _has_parameter(request, self.pagination.size_param):
            request = _set_parameter(request, self.pagination.size_param, size)
        return request

    def count_page(self, result: Result) -> Result:
        """Count a page and return it, cut at the limit. Raises PageError when the reply is not a list."""
        items = self.items_of(result.data)
        self.page_count += 1
        remaining = len(items) if self.limit is None else self.limit - self.item_count
        self.truncated = len(items) > remaining
        self.item_count += min(len(items), remaining)
        if not self.truncated:
            return result
        return replace(result, data=set_at_path(result.data, self.pagination.items, items[:remaining]))

    def next_request(self, request: Request, result: Result) -> Request | None:
        """Return the request after this one, whose uncut page is `result`; None at the end or at the limit.

        Raises PageError for a repeated cursor, or too many pages.
        """
        if self.truncated:  # the cursor stays at this page, so that the rest of it can still be read
            return None
        next_request = self._build_next_request(request, result, self.items_of(result.data))
        self.complete = next_request is None
        if next_request is None or (self.limit is not None and self.item_count >= self.limit):
            return None
        if self.max_pages is not None and self.page_count >= self.max_pages:
            hint = "Iterate over them with items(), or set a limit."
            raise self.build_error(f"there are more than {self.max_pages:,} pages", hint)
        return next_request

    def items_of(self, data: Any) -> list[Any]:
        """Return the items of a page; a missing or null field means none."""
        items = get_at_path(data, self.pagination.items)
        if isinstance(items, list):
            return items
        if items is not None or not isinstance(data, dict):
            is_whole = self.pagination.items == "." or items is None
            subject = "the reply" if is_whole else f"the reply's {self.pagination.items}"
            hint = "Check the reply with debug, and `pagination` in the action file."
            raise self.build_error(f"{subject} is not a list", hint)
        return []

    def build_error(self, reason: str, hint: str = "") -> PageError:
        """Build the error that stops this walk."""
        message = f"Paging stopped after {self.page_count} pages: {reason}."
        return PageError(message, hint=hint, pages=self.page_count, cursor=self.cursor)

    def _build_next_request(self, request: Request, result: Result, items: list[Any]) -> Request | None:
        has_more = get_at_path(result.data, self.pagination.has_more)
        if self.pagination.has_more and has_more in (False, None):
            return None
        if self.pagination.style == "link_header":
            return self._follow_link_header(request, result)
        cursor = self._next_cursor(request, result, items)
        if cursor is None or self.pagination.cursor_param is None:
            return None
        self._reject_seen_cursor(cursor)
        return _set_parameter(request, self.pagination.cursor_param, cursor)

    def _next_cursor(self, request: Request, result: Result, items: list[Any]) -> str | None:
        style, size = self.pagination.style, self.pagination.max_size
        if style == "cursor":
            value = get_at_path(result.data, self.pagination.next)
            return None if value in (None, "", False) else str(value)
        if style == "last_item":
            value = get_at_path(items[-1], self.pagination.next) if items else None
            return None if value is None else str(value)
        full_size = _requested_page_size(request, self.pagination.size_param, size) if size else 0
        if not items or (len(items) < full_size and not self.pagination.has_more):
            return None
        step = 1 if style == "page_number" else len(items)
        current = int(self.cursor) if self.cursor is not None else self.pagination.first
        return str(current + step)

    def _follow_link_header(self, request: Request, result: Result) -> Request | None:
        match = _NEXT_LINK_PATTERN.search(result.headers.get("link", ""))
        if match is None:
            return None
        self._reject_seen_cursor(match[1])
        link = urlsplit(match[1])
        path = _path_below_base(urlsplit(request.base_url), link)
        if path is None:
            raise self.build_error("the link to the next page leaves the service's base URL", _UNEXPECTED_PAGING_HINT)
        return replace(request, path=path, query=tuple(parse_qsl(link.query, keep_blank_values=True)))

    def _reject_seen_cursor(self, cursor: str) -> None:
        if cursor in self.seen_cursors:
            raise self.build_error(f"the cursor {cursor[:40]!r} was returned twice", _UNEXPECTED_PAGING_HINT)
        self.seen_cursors.add(cursor)
        self.cursor = cursor


@dataclass(slots=True)
class MergedPages:
    """Merges pages into one result: the first page's data with the items of all."""

    paginator: Paginator
    last_result: Result | None = None
    items: list[Any] = field(default_factory=list)
    first_data: Any = None
    attempts: int = 0
    warnings: tuple[str, ...] = ()

    def add_page(self, result: Result) -> None:
        """Add one page."""
        if self.last_result is None:
            self.first_data = result.data
        self.last_result = result
        self.attempts += result.attempts
        self.warnings = tuple(dict.fromkeys((*self.warnings, *result.warnings)))
        self.items += self.paginator.items_of(result.data)

    def build_result(self) -> Result | None:
        """Return the merged result, or None when there was no page."""
        if self.last_result is None:
            return None
        paginator, pagination = self.paginator, self.paginator.pagination
        data = set_at_path(self.first_data, pagination.items, self.items)
        if pagination.style == "cursor" and pagination.items != "." and get_at_path(data, pagination.next) is not None:
            data = set_at_path(data, str(pagination.next), "" if paginator.complete else paginator.cursor or "")
        if pagination.has_more and isinstance(get_at_path(data, pagination.has_more), bool):
            data = set_at_path(data, pagination.has_more, not paginator.complete)
        return replace(
            self.last_result,
            data=data,
            pages=paginator.page_count,
            complete=paginator.complete,
            attempts=self.attempts,
            warnings=self.warnings,
        )


def _path_below_base(base: SplitResult, link: SplitResult) -> str | None:
    """Return the path of a link below a base URL, or None for any other link."""
    is_elsewhere = (link.scheme or link.netloc) and (link.scheme, link.netloc) != (base.scheme, base.netloc)
    if is_elsewhere or not link.path.startswith(base.path + "/"):
        return None
    try:
        return url_policy.check_relative_path(link.path[len(base.path) :], "")
    except InvalidValue:
        return None


def _requested_page_size(request: Request, location: str | None, max_size: int) -> int:
    name = (location or "").partition(".")[2]
    text = dict(request.query).get(name)
    return int(text) if text and text.isdigit() else max_size


def _has_parameter(request: Request, location: str) -> bool:
    part, _, name = location.partition(".")
    return part == "query" and any(key == name for key, _ in request.query)


def _set_parameter(request: Request, location: str, value: Any) -> Request:
    """Return the request with the value at query.x or body.x replaced."""
    part, _, name = location.partition(".")
    if part == "query":
        other_pairs = tuple(pair for pair in request.query if pair[0] != name)
        return replace(request, query=(*other_pairs, (name, str(value))))
    fields = request.body.value if request.body and isinstance(request.body.value, dict) else {}
    return replace(request, body=Body("json", {**fields, name: value}, "application/json"))
