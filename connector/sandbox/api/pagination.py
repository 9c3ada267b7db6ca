"""Lists, a page at a time: which part of the things a request asks for, and the reply around it."""

from __future__ import annotations

import base64
import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from connector.core.json_path import dig, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.core.response.pagination import Words
    from connector.sandbox.http.request import Incoming

T = TypeVar("T")
_CURSOR = "query.cursor"  # where a cursor comes in when the definitions do not say
_USUAL = 30  # items of a page when nobody says how many
_PAGES = ("page_count", "pagecount", "total_pages", "totalpages", "pages", "num_pages")
_NUMBER = ("page", "page_number", "pagenumber", "current_page")


class StaleCursor(Exception):
    """A cursor that was never given: the field it came in. It never leaves the room."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a request asks of a list: how many items, and from where (a cursor, or a number)."""

    size: int
    cursor: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Lists(Generic[T]):
    """What paging asks of the entries of one list: its name, each one's place, and what `last` goes on after."""

    scope: str
    place: Callable[[T], int]
    name: Callable[[T], Any]


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """One page of a list: its entries, what comes next (None at the end), and how many there are in all."""

    entries: Sequence[T]
    following: str | None
    total: int
    whole: bool


def window(words: Words, request: Incoming, sent: Any, example: Any, wrong: dict[str, str]) -> Window:
    """Read how much a request asks for, and from where; what is wrong with that is told."""
    size = _whole(words.size, request, sent, wrong, (1, words.max))
    if size is None:
        size = _default_size(words, example)
    if words.by in ("number", "offset"):
        number = _whole(words.send, request, sent, wrong, (words.first, None))
        return Window(size, number=words.first if number is None else number)
    held = _said(words.send or _CURSOR, request, sent)
    return Window(size, None if held in (None, "") else str(held))


def _said(place: str, request: Incoming, sent: Any) -> Any:
    part, _, name = place.partition(".")
    return dict(request.query).get(name) if part == "query" else dig(sent, name)


def _whole(
    place: str | None, request: Incoming, sent: Any, wrong: dict[str, str], limits: tuple[int, int | None]
) -> int | None:
    if place is None:
        return None
    held = _said(place, request, sent)
    if held is None:
        return None
    least, most = limits
    read = int(held) if isinstance(held, str) and held.isascii() and held.isdigit() and len(held) < 10 else held  # noqa: PLR2004
    if type(read) is int and least <= read and (most is None or read <= most):
        return read
    expected = f"a whole number from {least}" + (f" to {most}" if most is not None else "")
    wrong.setdefault(place.partition(".")[2], f"Expected {expected}; got {str(held)[:40]}.")
    return None


def _default_size(words: Words, example: Any) -> int:
    if words.size is None:
        return words.max or _USUAL
    told = example.get(words.size.partition(".")[2]) if isinstance(example, dict) else None
    usual = told if type(told) is int and told > 0 else _USUAL
    return min(usual, words.max or usual)


def cut(words: Words, asked: Window, entries: Sequence[T], lists: Lists[T]) -> Cut[T]:
    """Return the page of a list that a window shows. Raises StaleCursor."""
    start = _start(words, asked, entries, lists)
    shown = entries[start : start + asked.size]
    more = start + len(shown) < len(entries)
    following = token(lists.place(shown[-1]), lists.scope) if more else None
    return Cut(shown, following, len(entries), not start and not more)


def looped(words: Words, asked: Window, entries: Sequence[T], lists: Lists[T]) -> Cut[T]:
    """Return the page of a list whose cursor always leads back to its beginning."""
    if words.by in ("number", "offset"):
        return cut(words, asked, entries, lists)
    return Cut(entries[: asked.size], token(0, lists.scope), len(entries), whole=False)


def _start(words: Words, asked: Window, entries: Sequence[T], lists: Lists[T]) -> int:
    if words.by == "number":
        return (asked.number - words.first) * asked.size
    if words.by == "offset":
        return asked.number - words.first
    if asked.cursor is None:
        return 0
    field = (words.send or _CURSOR).partition(".")[2]
    if words.by == "last":
        found = (at for at, one in enumerate(entries, 1) if str(lists.name(one)) == asked.cursor)
        start = next(found, None)
    else:
        place = _place(asked.cursor, lists.scope)
        later = (at for at, one in enumerate(entries) if place is not None and lists.place(one) > place)
        start = next(later, len(entries)) if place is not None else None
    if start is None:
        raise StaleCursor(field)
    return start


def token(place: int, scope: str) -> str:
    """Return a cursor that goes on after a place of one list; it holds when things before it are removed."""
    return base64.urlsafe_b64encode(f"{place}.{_mark(place, scope)}".encode()).decode().rstrip("=")


def _place(cursor: str, scope: str) -> int | None:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        return None
    place, _, mark = text.partition(".")
    if not place.isdigit() or mark != _mark(int(place), scope):
        return None
    return int(place)


def _mark(place: int, scope: str) -> str:
    return hashlib.blake2b(f"{scope} {place}".encode(), digest_size=6).hexdigest()


def reply(words: Words, asked: Window, page: Cut[Any], items: Sequence[Any], example: Any) -> Any:
    """Return the reply of a page in the shape of the list's example."""
    if words.items == ".":
        return list(items)
    told = _told(example, words.items.split("."), asked, page, words) if isinstance(example, dict) else {}
    return ended(words, placed(told, words.items, list(items)), page)


def ended(words: Words, told: Any, page: Cut[Any]) -> Any:
    """Return a reply that says whether there is more, and the cursor of it."""
    if words.by == "cursor" and words.read:
        held = dig(told, words.read)
        if page.following is not None:
            told = placed(told, words.read, page.following)
        elif held is not None:
            told = placed(told, words.read, "" if isinstance(held, str) else None)
    return placed(told, words.more, page.following is not None) if words.more else told


def _told(example: dict[str, Any], items: Sequence[str], asked: Window, page: Cut[Any], words: Words) -> dict[str, Any]:
    """Return an example with its totals, sizes and flags as they are for this page."""
    told: dict[str, Any] = {}
    for name, value in example.items():
        if isinstance(value, dict):
            told[name] = _told(value, items[1:] if items[:1] == [name] else (), asked, page, words)
        elif type(value) is int and [name] != items:
            told[name] = _figure(name.lower(), value, asked, page, words)
        elif isinstance(value, bool) and "more" in name.lower():
            told[name] = page.following is not None
        else:
            told[name] = value
    return told


def _figure(name: str, value: int, asked: Window, page: Cut[Any], words: Words) -> int:
    if name in _PAGES:
        return math.ceil(page.total / asked.size)
    if name in _NUMBER:
        return asked.number if words.by == "number" else value
    if name == "offset":
        return asked.number
    if "total" in name or "count" in name:
        return page.total
    return asked.size if "size" in name or name in ("limit", "per_page") else value


def link(request: Incoming, words: Words, following: str) -> tuple[str, str]:
    """Return the header that leads to the next page: the same request with the cursor in it."""
    name = (words.send or _CURSOR).partition(".")[2]
    query = [pair for pair in request.query if pair[0] != name]
    return "link", f'<{request.path}?{urlencode([*query, (name, following)])}>; rel="next"'
