"""The walk over the pages of one list. A listing is complete only when the service said so."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from connector.core.json_path import get_at_path, set_at_path
from connector.core.response.pagination import page as pages
from connector.core.response.pagination.links import find_next_target, has_unreadable_links, resolve_link
from connector.core.response.pagination.numbered import NumberedPages
from connector.core.response.pagination.page import Page, UnexpectedPage
from connector.core.response.pagination.settings import LINKED_STYLES, NUMBERED_STYLES
from connector.errors import PageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.core.redaction import Redactor
    from connector.core.request.builder import Request
    from connector.core.response.pagination.settings import Pagination
    from connector.core.response.result import Result

MAX_PAGES = 1_000
_UNEXPECTED_PAGING_HINT = "The service pages in an unexpected way; the error carries what was read so far."


@dataclass(slots=True)
class Paginator:
    """Walks the pages of one list: position, seen cursors and item limit.

    `complete` is True once the service said that nothing follows; else `end_reason` says why the walk ended before.
    """

    pagination: Pagination
    limit: int | None = None
    page_size: int | None = None
    max_pages: int | None = None
    is_raw: bool = False  # whether the caller, and no definition, said where the items are
    page_count: int = 0
    item_count: int = 0
    cursor: str | None = None
    complete: bool = False
    end_reason: str = ""
    truncated: bool = False
    seen_cursors: set[str] = field(default_factory=set)
    _asked_size: int | None = None
    _redactor: Redactor | None = None
    _starts_inside: bool = False  # whether the caller gave a cursor, so that a total counts more than what comes
    _page: Page | None = None
    _numbered: NumberedPages | None = None
    _has_seen_items: bool = False
    _repeated: int = 0  # entries that came before
    _seen_entries: set[int] = field(default_factory=set)  # hashes, where a total counts entries

    def build_first_request(self, request: Request) -> Request:
        """Return the first request, with the page size; a size that the caller gave stays."""
        pagination, size = self.pagination, self.page_size or self.pagination.max_size
        size = min(self.limit, size) if self.limit and size else size
        if pagination.size_param is not None:
            given = pagination.size_param.get(request)
            if given is None and size:
                request = pagination.size_param.set(request, size)
            elif given is not None:
                size = int(given) if str(given).isascii() and str(given).isdigit() else None
        self._asked_size, self._redactor = size, request.redactor
        if pagination.style in NUMBERED_STYLES:
            self._numbered = NumberedPages.begin(pagination, request, size)
        elif pagination.cursor_param is not None:
            self._starts_inside = pagination.cursor_param.get(request) not in (None, "")
        return request

    def take_page(self, result: Result) -> Result:
        """Count a page and return it, cut at the limit. Raises PageError when the reply is not one."""
        try:
            page = pages.read_page(self._page.items if self._page else self.pagination.items, result)
            if page.is_missing and self._page is None and self.is_raw:
                pages.reject_missing(page)
            entries = self._numbered.take(page.entries) if self._numbered is not None else page.entries
        except UnexpectedPage as unexpected:
            raise self.build_error(unexpected.reason, unexpected.hint or _UNEXPECTED_PAGING_HINT) from None
        self._page = page
        self._has_seen_items = self._has_seen_items or not page.is_missing
        if self.pagination.total is not None:
            self._count_repeated(entries)
        self.page_count += 1
        remaining = len(entries) if self.limit is None else self.limit - self.item_count
        self.truncated = len(entries) > remaining
        self.item_count += min(len(entries), remaining)
        if len(entries) == len(page.entries) and not self.truncated:
            return result
        return replace(result, data=set_at_path(result.data, page.items, entries[:remaining]))

    def next_request(self, request: Request) -> Request | None:
        """Return the request after this one, which brought the last page; None at the end or at the limit.

        Raises PageError for a repeated cursor, too many pages, or a sign that cannot be read.
        """
        if self.truncated:  # the cursor stays at this page, so that the rest of it can still be read
            return None
        assert self._page is not None
        try:
            next_request = self._decide(request, self._page)
        except UnexpectedPage as unexpected:
            raise self.build_error(unexpected.reason, unexpected.hint or _UNEXPECTED_PAGING_HINT) from None
        if next_request is None or (self.limit is not None and self.item_count >= self.limit):
            self.end_reason = "" if self.limit is not None and self.item_count >= self.limit else self.end_reason
            return None
        if self.max_pages is not None and self.page_count >= self.max_pages:
            hint = "Iterate over them with items(), or set a limit."
            raise self.build_error(f"there are more than {self.max_pages:,} pages", hint)
        return next_request

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why the listing may not be complete, unless the caller's limit ended it."""
        return (f"The listing may not be complete: {self.end_reason}.",) if self.end_reason else ()

    def items_of(self, data: Any) -> list[Any]:
        """Return the items of a page that was taken."""
        assert self._page is not None
        return get_at_path(data, self._page.items) or []

    @property
    def items_path(self) -> str:
        """Where the pages have their items."""
        return self._page.items if self._page is not None else self.pagination.items or "."

    @property
    def shown_cursor(self) -> str | None:
        """The last cursor for an error: of a URL, without values that look secret."""
        if self.cursor is None or self._redactor is None or self.pagination.style not in LINKED_STYLES:
            return self.cursor
        return self._redactor.redact_url(self.cursor)

    def build_error(self, reason: str, hint: str = "") -> PageError:
        """Build the error that stops this walk."""
        message = f"Paging stopped after page {self.page_count}: {reason}."
        return PageError(message, hint=hint, pages=self.page_count, cursor=self.shown_cursor)

    def _decide(self, request: Request, page: Page) -> Request | None:
        """Return the next request; at the end None, with `complete` and `end_reason` set."""
        pagination, result = self.pagination, page.result
        has_more = pages.read_has_more(pagination, result)
        total = None if self._starts_inside else pages.read_total(pagination, result)
        if total is not None and total < self._count_all():  # as of one page alone, or of a list that shrinks
            total = None
        is_total_reached = None if total is None else self._count_all() >= total
        if has_more is False or (has_more is None and is_total_reached):
            next_request = None
        else:
            next_request = self._build_next_request(request, page, has_more=has_more, total=total)
        if next_request is None:
            says_end = has_more is False or bool(is_total_reached)
            self.end_reason = self._find_doubt(page, total, has_more=has_more, says_end=says_end)
            self.complete = not self.end_reason
        return next_request

    def _count_all(self) -> int:
        """Return how many entries of the list are known, those before the first page included."""
        return (self._numbered.skipped if self._numbered is not None else 0) + self.item_count - self._repeated

    def _find_doubt(self, page: Page, total: int | None, *, has_more: bool | None, says_end: bool) -> str:
        """Return why the list may go on although no page follows; empty where the service said that it ends."""
        pagination = self.pagination
        if has_more:
            flag = " and ".join(filter(None, (pagination.has_more, pagination.is_last)))
            return f"{flag} says that more follows, but the reply does not say where"
        if total is not None and self._count_all() < total:
            return f"{pagination.total} is {total:,}, and {self._count_all():,} of them came"
        if self._numbered is not None and self._numbered.doubt and total is None:
            return self._numbered.doubt
        if not self._has_seen_items and total != 0:
            is_end_said = says_end or pages.has_next_field(pagination, page.result)
            if not is_end_said or pages.holds_other_list(page):
                return f"the reply has no {page.items}"
        if says_end or pagination.style in NUMBERED_STYLES:
            return ""
        return self._find_doubt_of_style(page)

    def _find_doubt_of_style(self, page: Page) -> str:
        """Return what is odd about a page that names no next one."""
        pagination, result = self.pagination, page.result
        if pagination.style == "none":
            has_link = find_next_target(result.headers.get("link", "")) is not None
            return (
                "the reply links to a next page, and the definition does not say how to follow it" if has_link else ""
            )
        if pagination.style == "last_item":
            return f"the last item has no {pagination.next}, which the next page needs" if page.entries else ""
        if pagination.style == "link_header" and has_unreadable_links(result.headers.get("link", "")):
            return "the reply has a Link header that cannot be read"
        if self.page_count == 1 and self._may_be_full(page) and not pages.has_next_field(pagination, result):
            place = "no link" if pagination.style == "link_header" else f"no {pagination.next}"
            return f"the first page may be full, and the reply has {place} to say that it is the last"
        return ""

    def _may_be_full(self, page: Page) -> bool:
        """Whether a page has as many entries as it can; one of an unknown size is, unless a header would go on."""
        if self._asked_size is not None:
            return 0 < self._asked_size <= len(page.entries)
        return bool(page.entries) and not pages.is_next_in_header(self.pagination)

    def _build_next_request(
        self, request: Request, page: Page, *, has_more: bool | None, total: int | None
    ) -> Request | None:
        style = self.pagination.style
        if style == "none":
            return None
        if style in LINKED_STYLES:
            return self._follow_link(request, page)
        cursor = self._find_cursor(page, has_more=has_more, total=total)
        if cursor is None:
            return None
        if self.pagination.cursor_param is None:
            raise UnexpectedPage("the definition does not say where the next cursor goes", "Add `cursor_param` to it.")
        self._note_cursor(cursor if isinstance(cursor, str) else to_json(cursor).decode())
        return self.pagination.cursor_param.set(request, cursor)

    def _find_cursor(self, page: Page, *, has_more: bool | None, total: int | None) -> Any:
        """Return what the next request has as its cursor; None where nothing follows."""
        if self._numbered is not None:
            if not self._numbered.may_go_on(has_more=has_more, total=total):
                return None
            number = self._numbered.find_next()
            self._numbered.number = number if number is not None else self._numbered.number
            return number
        if self.pagination.style == "last_item":
            return pages.read_cursor_after(self.pagination, page.entries[-1]) if page.entries else None
        return pages.read_next(self.pagination, page.result)

    def _follow_link(self, request: Request, page: Page) -> Request | None:
        target = pages.read_next(self.pagination, page.result)
        if target is None:
            return None
        link = resolve_link(request, target, self.pagination.credential_names)
        if link is None:
            raise UnexpectedPage("the link to the next page leaves the service's base URL")
        self._note_cursor(request.base_url + link.text)
        return replace(request, path=link.path, query=link.query)

    def _note_cursor(self, cursor: str) -> None:
        if cursor in self.seen_cursors:
            subject = "the link to a page" if self.pagination.style in LINKED_STYLES else f"the cursor {cursor[:40]!r}"
            raise UnexpectedPage(f"{subject} was returned twice")
        self.seen_cursors.add(cursor)
        self.cursor = cursor

    def _count_repeated(self, entries: list[Any]) -> None:
        """Count the entries that came before: a list that shifts while it is read repeats some, and skips others."""
        hashes = [hash(to_json(entry)) for entry in entries if isinstance(entry, dict)]
        before = len(self._seen_entries)
        self._seen_entries.update(hashes)
        self._repeated += len(hashes) - (len(self._seen_entries) - before)
