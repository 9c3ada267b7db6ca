"""The reply of one page of a list: its items, its signs of what follows, and the counters of its example."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from connector.core.json_path import get_at_path, set_at_path
from connector.definition.json_path import parse_path, parse_reply_path
from connector.first_use import dataclass
from connector.sandbox.api.pagination import DEFAULT_CURSOR_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.core.request.builder import Pairs
    from connector.core.response.pagination.settings import Pagination
    from connector.sandbox.api.pagination import PageRequest, PageSlice
    from connector.sandbox.http.request import SandboxRequest

_PAGE_COUNT_NAMES = ("page_count", "pagecount", "total_pages", "totalpages", "pages", "num_pages")
_PAGE_NUMBER_NAMES = ("page", "page_number", "pagenumber", "current_page")


@dataclass(frozen=True, slots=True)
class PageReply:
    """The reply of a page in the shape of the list's example."""

    pagination: Pagination
    request: SandboxRequest
    page_request: PageRequest
    page: PageSlice[Any]
    example: Any

    def build(self, items: Sequence[Any]) -> Any:
        """Return the data of the reply."""
        if self.pagination.items in (None, "."):
            return list(items)
        items_path = parse_path(str(self.pagination.items))
        body = self._fill_counters(self.example, items_path) if isinstance(self.example, dict) else {}
        return self.set_signs(set_at_path(body, str(self.pagination.items), list(items)))

    def set_signs(self, data: Any) -> Any:
        """Return the data with the next cursor or URL, the flags and the total of this page."""
        if not isinstance(data, dict):
            return data
        for path, value in self._list_signs():
            if parse_reply_path(path).header is not None:
                continue
            current = get_at_path(data, path)
            if value is None and current is not None:
                data = set_at_path(data, path, "" if isinstance(current, str) else None)
            elif isinstance(value, bool) and isinstance(current, str):
                data = set_at_path(data, path, str(value).lower())
            elif value is not None:
                data = set_at_path(data, path, value)
        return data

    def build_headers(self) -> Pairs:
        """Return the headers of the reply: a link to the next page, and signs that stand in headers."""
        signs = ((parse_reply_path(path).header, value) for path, value in self._list_signs())
        headers = [(name, str(value)) for name, value in signs if name is not None and value is not None]
        if self.pagination.style == "link_header" and self.page.next_cursor is not None:
            headers.append(("link", f'<{self._build_next_url()}>; rel="next"'))
        return tuple((name, value.lower() if value in ("True", "False") else value) for name, value in headers)

    def _list_signs(self) -> Iterator[tuple[str, Any]]:
        """Yield the paths of what says whether and where the list goes on, with their values on this page."""
        pagination, next_cursor = self.pagination, self.page.next_cursor
        if pagination.style in ("cursor", "next_url") and pagination.next:
            is_url = pagination.style == "next_url" and next_cursor is not None
            yield pagination.next, self._build_next_url() if is_url else next_cursor
        for path, value in (
            (pagination.has_more, next_cursor is not None),
            (pagination.is_last, next_cursor is None),
            (pagination.total, self.page.total),
        ):
            if path is not None:
                yield path, value

    def _build_next_url(self) -> str:
        """Return the URL of the next page: the same request with the cursor."""
        parameter = self.pagination.cursor_param
        name = parameter.name if parameter else DEFAULT_CURSOR_NAME
        query = [pair for pair in self.request.query if pair[0] != name]
        return f"{self.request.path}?{urlencode([*query, (name, self.page.next_cursor)])}"

    def _fill_counters(self, example: dict[str, Any], items_path: Sequence[str]) -> dict[str, Any]:
        """Return the example with the totals, sizes and flags of this page."""
        filled: dict[str, Any] = {}
        for name, value in example.items():
            if isinstance(value, dict):
                filled[name] = self._fill_counters(value, items_path[1:] if items_path[:1] == (name,) else ())
            elif type(value) is int and (name,) != items_path:
                filled[name] = self._compute_counter(name.lower(), value)
            elif isinstance(value, bool) and "more" in name.lower():
                filled[name] = self.page.next_cursor is not None
            else:
                filled[name] = value
        return filled

    def _compute_counter(self, name: str, value: int) -> int:
        page, page_request = self.page, self.page_request
        if name in _PAGE_COUNT_NAMES:
            return math.ceil(page.total / page_request.size)
        if name in _PAGE_NUMBER_NAMES:
            return page_request.number if self.pagination.style == "page_number" else value
        if name == "offset":
            return page_request.number
        if "total" in name or "count" in name:
            return page.total
        return page_request.size if "size" in name or name in ("limit", "per_page") else value
