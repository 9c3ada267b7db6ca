"""Result -> the next request, or nothing. A cursor that comes back is an error, never a loop."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector.core import url_policy as guard
from connector.core.inputs.coerce import Bad
from connector.core.json_path import dig, placed
from connector.core.request.body import Body
from connector.errors import PageError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.definition.action import Action, ActionPages
    from connector.definition.manifest import Manifest

MOST_PAGES = 1_000
_ODD = "The service pages in an unexpected way; what was read so far is on the error."
_NEXT_LINK = re.compile(r"<([^<>]*)>\s*;(?:[^,<]*;)?\s*rel=\"?next\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """How one list is paged: the manifest's words with the action's own over them."""

    by: str
    items: str
    read: str | None
    send: str | None
    size: str | None
    max: int | None
    first: int
    more: str | None

    @classmethod
    def of(cls, manifest: Manifest, pages: ActionPages) -> Words:
        """Merge the words; a list without a way to page is one page."""
        shared = manifest.pages.model_dump(exclude_unset=True)
        merged = {**shared, **pages.model_dump(exclude_unset=True)}
        by = merged.get("by") or "cursor"
        first = merged.get("first", 1 if by == "number" else 0)
        rest = {name: merged.get(name) for name in ("read", "send", "size", "max", "more")}
        return cls(by=by, items=pages.items, first=first, **rest)


def words(manifest: Manifest, action: Action) -> Words | None:
    """Return how an action's list is paged, or None when it is no list."""
    return Words.of(manifest, action.pages) if action.pages else None


@dataclass(slots=True)
class Walk:
    """One walk through the pages of a list: where it is, what it has seen, how many items it may take."""

    words: Words
    limit: int | None = None
    most_pages: int | None = None
    pages: int = 0
    count: int = 0
    cursor: str | None = None
    complete: bool = False
    cut: bool = False
    seen: set[str] = field(default_factory=set)

    def first(self, request: Request) -> Request:
        """Return the first request, with the page size."""
        most = self.words.max
        size = min(self.limit, most) if self.limit and most else most
        if self.words.size and size and not _has(request, self.words.size):
            request = _with(request, self.words.size, size)
        return request

    def take(self, result: Result) -> Result:
        """Count a page and return it, cut at the limit. Raises PageError when the reply is no list."""
        items = self.items(result.data)
        self.pages += 1
        left = len(items) if self.limit is None else self.limit - self.count
        self.cut = len(items) > left
        self.count += min(len(items), left)
        return replace(result, data=placed(result.data, self.words.items, items[:left])) if self.cut else result

    def following(self, request: Request, result: Result) -> Request | None:
        """Return the request after this one, whose whole page was `result`; None at the end or at the limit.

        Raises PageError when a cursor comes back, or pages never end.
        """
        if self.cut:  # the cursor stays at this page, so that what was cut off can still be read
            return None
        following = self._next(request, result, self.items(result.data))
        self.complete = following is None
        if following is None or (self.limit is not None and self.count >= self.limit):
            return None
        if self.most_pages is not None and self.pages >= self.most_pages:
            hint = "Take them one by one with items(), or give a limit."
            raise self.error(f"there are more than {self.most_pages:,} pages", hint)
        return following

    def items(self, data: Any) -> list[Any]:
        """Return the items of a page; a missing or null field is an empty page."""
        found = dig(data, self.words.items)
        if isinstance(found, list):
            return found
        if found is not None or not isinstance(data, dict):
            what = "the reply" if self.words.items == "." or found is None else f"the reply's {self.words.items}"
            raise self.error(f"{what} is no list", "Look at the reply with debug, and at `pages` of the action.")
        return []

    def error(self, why: str, hint: str = "") -> PageError:
        """Make the error of this walk."""
        return PageError(
            f"Paging stopped after {self.pages} pages: {why}.", hint=hint, pages=self.pages, cursor=self.cursor
        )

    def _next(self, request: Request, result: Result, items: list[Any]) -> Request | None:
        more = dig(result.data, self.words.more)
        if self.words.more and more in (False, None):
            return None
        if self.words.by == "link":
            return self._linked(request, result)
        cursor = self._next_cursor(request, result, items)
        if cursor is None or self.words.send is None:
            return None
        self._unseen(cursor)
        return _with(request, self.words.send, cursor)

    def _next_cursor(self, request: Request, result: Result, items: list[Any]) -> str | None:
        by, size = self.words.by, self.words.max
        if by == "cursor":
            found = dig(result.data, self.words.read)
            return None if found in (None, "", False) else str(found)
        if by == "last":
            found = dig(items[-1], self.words.read) if items else None
            return None if found is None else str(found)
        if not items or (size and not self.words.more and len(items) < _asked(request, self.words.size, size)):
            return None
        step = 1 if by == "number" else len(items)
        current = int(self.cursor) if self.cursor is not None else self.words.first
        return str(current + step)

    def _linked(self, request: Request, result: Result) -> Request | None:
        match = _NEXT_LINK.search(result.headers.get("link", ""))
        if match is None:
            return None
        self._unseen(match[1])
        link = urlsplit(match[1])
        path = _below(urlsplit(request.base), link)
        if path is None:
            raise self.error("the link to the next page leaves the service's base URL", _ODD)
        return replace(request, path=path, query=tuple(parse_qsl(link.query, keep_blank_values=True)))

    def _unseen(self, cursor: str) -> None:
        if cursor in self.seen:
            raise self.error(f"the cursor {cursor[:40]!r} came back", _ODD)
        self.seen.add(cursor)
        self.cursor = cursor


@dataclass(slots=True)
class Merged:
    """The pages of a walk as one result: the first page's shape with all items in it."""

    walk: Walk
    last: Result | None = None
    gathered: list[Any] = field(default_factory=list)
    shape: Any = None
    attempts: int = 0

    def add(self, result: Result) -> None:
        """Add one page."""
        if self.last is None:
            self.shape = result.data
        self.last = result
        self.attempts += result.attempts
        self.gathered += self.walk.items(result.data)

    def result(self) -> Result | None:
        """Return what was gathered, or None when no page came."""
        if self.last is None:
            return None
        walk, words = self.walk, self.walk.words
        data = placed(self.shape, words.items, self.gathered)
        if words.by == "cursor" and words.items != "." and dig(data, words.read) is not None:
            data = placed(data, str(words.read), "" if walk.complete else walk.cursor or "")
        if words.more and isinstance(dig(data, words.more), bool):
            data = placed(data, words.more, not walk.complete)
        return replace(self.last, data=data, pages=walk.pages, complete=walk.complete, attempts=self.attempts)


def _below(base: SplitResult, link: SplitResult) -> str | None:
    """Return the path of a link below a base URL, or None when it leads elsewhere."""
    elsewhere = (link.scheme or link.netloc) and (link.scheme, link.netloc) != (base.scheme, base.netloc)
    if elsewhere or not link.path.startswith(base.path + "/"):
        return None
    try:
        return guard.raw_path(link.path[len(base.path) :], "")
    except Bad:
        return None


def _asked(request: Request, place: str | None, most: int) -> int:
    name = (place or "").partition(".")[2]
    found = dict(request.query).get(name)
    return int(found) if found and found.isdigit() else most


def _has(request: Request, place: str) -> bool:
    part, _, name = place.partition(".")
    return part == "query" and any(key == name for key, _ in request.query)


def _with(request: Request, place: str, value: Any) -> Request:
    """Return the request with a value at query.x or body.x, replacing what stood there."""
    part, _, name = place.partition(".")
    if part == "query":
        rest = tuple(pair for pair in request.query if pair[0] != name)
        return replace(request, query=(*rest, (name, str(value))))
    held = request.body.value if request.body and isinstance(request.body.value, dict) else {}
    return replace(request, body=Body("json", {**held, name: value}, "application/json"))
