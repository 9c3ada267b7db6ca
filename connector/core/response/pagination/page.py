"""One page: its entries, and what the reply says about the pages after it."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at_path, get_from_reply, has_path
from connector.core.response.pagination.links import find_next_target
from connector.definition.json_path import join_path, parse_reply_path
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.core.response.pagination.settings import Pagination
    from connector.core.response.result import Result

_FLAG_TEXTS = {"true": True, "false": False}
MAX_DIGITS = 18  # of a number that is a text
_NO_CURSOR = (None, "", 0, False)
_NOT_A_LIST_HINT = (
    "Look at the reply with debug: a wrong base URL, or a proxy, answers in the service's place. "
    "If it is the service's, correct `pagination` in the action file."
)
_NO_CURSOR_IN_HEADER = "null"  # a header has texts alone, so some services write it there


class UnexpectedPage(Exception):
    """A reply that is no page of this list: why, and perhaps a hint. Internal; becomes a PageError."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@dataclass(frozen=True, slots=True)
class Page:
    """The entries of one page; `items` is their path, `is_missing` that the reply has nothing there."""

    result: Result
    items: str
    entries: list[Any]
    is_missing: bool = False


def read_page(items: str | None, result: Result) -> Page:
    """Return a page with its entries at the path `items`, None for the only list. Raises UnexpectedPage for no list."""
    data = result.data
    items = items or find_only_list(data)
    entries = get_at_path(data, items)
    if isinstance(entries, list):
        return Page(result, items, entries)
    if entries is not None or not isinstance(data, dict):
        subject = "the reply" if items == "." or entries is None else f"the reply's {items}"
        raise UnexpectedPage(f"{subject} is not a list", _NOT_A_LIST_HINT)
    return Page(result, items, [], is_missing=not has_path(data, items))


def reject_missing(page: Page) -> None:
    """Raise UnexpectedPage where the reply has other lists than the one that the caller named.

    A reply without any list may be that of an empty one.
    """
    names = [name for name, value in page.result.data.items() if isinstance(value, list)]
    if names:
        hint = f"It has a list at {' and at '.join(map(join_path, names[:10]))}."
        raise UnexpectedPage(f"the reply has no {page.items}", hint)


def read_items(items: str | None, item: str | None, data: Any) -> list[Any]:
    """Return the items of a listing that was read: its entries, or what `item` names in each. Raises UnexpectedPage."""
    entries = get_at_path(data, items or find_only_list(data)) or []
    return entries if item is None else [get_at_path(entry, item) for entry in entries]


def extract_items(pagination: Pagination, result: Result) -> list[Any]:
    """Return the items of a page that a walk took."""
    try:
        return read_items(pagination.items, pagination.item, result.data)
    except UnexpectedPage:  # a later page of a raw request without its list
        return []


def find_only_list(data: Any) -> str:
    """Return the path of the only list of a reply. Raises UnexpectedPage when there is none, or several."""
    if isinstance(data, list):
        return "."
    names = [name for name, value in data.items() if isinstance(value, list)] if isinstance(data, dict) else []
    if len(names) == 1:
        return join_path(names[0])
    found = f"has several lists: {', '.join(map(str, names[:10]))}" if names else "has no list"
    raise UnexpectedPage(f"the reply {found}", "Name the field that holds the items with items.")


def holds_other_list(page: Page) -> bool:
    """Whether a reply without the list has another one, which may be the list under another name."""
    data = page.result.data
    return isinstance(data, dict) and any(isinstance(value, list) and value for value in data.values())


def _get(path: str | None, result: Result) -> Any:
    return get_from_reply(result.data, result.headers.get, path)


def read_has_more(pagination: Pagination, result: Result) -> bool | None:
    """Return what the flags of a page say: whether there is more; None where they say nothing.

    Where they contradict each other, there is more. Raises UnexpectedPage for what is no flag.
    """
    has_more = _read_flag(pagination.has_more, result)
    is_last = _read_flag(pagination.is_last, result)
    said = [flag for flag in (has_more, None if is_last is None else not is_last) if flag is not None]
    return any(said) if said else None


def _read_flag(path: str | None, result: Result) -> bool | None:
    value = _get(path, result)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value)
    if isinstance(value, str):
        text = value.strip().lower()
        if text in _FLAG_TEXTS:
            return _FLAG_TEXTS[text]
        if text.isascii() and text.isdigit():
            return bool(text.strip("0"))
    reason = f"{path} is {_preview(value)}, which is neither true nor false"
    raise UnexpectedPage(reason, "Name a field that is true or false; a cursor or URL belongs in `next`.")


def read_total(pagination: Pagination, result: Result) -> int | None:
    """Return the number of items of all pages; None where it is not said. Raises UnexpectedPage for no number."""
    value = _get(pagination.total, result)
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) <= MAX_DIGITS and value.isascii() and value.strip().isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise UnexpectedPage(f"{pagination.total} is {_preview(value)}, which is no number of items")
    return int(value) if value >= 0 else None  # services write -1 for a number that they do not know


def is_next_in_header(pagination: Pagination) -> bool:
    """Whether the next cursor or URL comes in a header, whose absence is the usual end of a list."""
    return pagination.style == "link_header" or (
        pagination.next is not None and parse_reply_path(pagination.next).header is not None
    )


def has_next_field(pagination: Pagination, result: Result) -> bool:
    """Whether the reply has the place of the next cursor or URL, empty or not."""
    if pagination.style == "link_header":
        return find_next_target(result.headers.get("link", "")) is not None
    if pagination.next is None:
        return False
    place = parse_reply_path(pagination.next)
    return place.header in result.headers if place.header else has_path(result.data, pagination.next)


def read_next(pagination: Pagination, result: Result) -> Any:
    """Return the cursor or URL of the next page, or None. Raises UnexpectedPage for what is neither."""
    if pagination.style == "link_header":
        return find_next_target(result.headers.get("link", ""))
    value = _get(pagination.next, result)
    if value in _NO_CURSOR or value in ({}, []) or (is_next_in_header(pagination) and value == _NO_CURSOR_IN_HEADER):
        return None
    is_text = isinstance(value, str)
    if pagination.style == "next_url" and not is_text:
        raise UnexpectedPage(f"{pagination.next} is {_preview(value)}, which is no URL")
    if value is True or (isinstance(value, dict | list) and not _may_be_structured(pagination)):
        raise UnexpectedPage(f"{pagination.next} is {_preview(value)}, which is no cursor")
    return value or None


def read_cursor_after(pagination: Pagination, entry: Any) -> str | int | None:
    """Return the cursor of the page after an entry, or None. Raises UnexpectedPage for no number to add to."""
    value = get_at_path(entry, pagination.next)
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    if not pagination.plus:
        return value
    if isinstance(value, int):
        return value + pagination.plus
    if len(value) <= MAX_DIGITS and value.isascii() and value.isdigit():
        return str(int(value) + pagination.plus)
    raise UnexpectedPage(f"{pagination.next} is {_preview(value)}, which is no number to add {pagination.plus} to")


def note_unread_pages(pagination: Pagination, result: Result) -> Result:
    """Return the result of a raw request; where its reply names a next page it is not complete, and warns."""
    if not isinstance(result.data, dict | list):
        return result
    try:
        has_more = read_has_more(pagination, result)
        has_next = pagination.style in ("cursor", "next_url") and read_next(pagination, result) is not None
    except UnexpectedPage:  # the reply of another endpoint, which is not paged like a list
        return result
    has_link = find_next_target(result.headers.get("link", "")) is not None
    if has_more is False or not (has_more or has_next or has_link):
        return result
    parameter = f", or send {pagination.cursor_param.location} yourself" if pagination.cursor_param else ""
    advice = f"Read every page with paginate=True, on the command line --paginate{parameter}."
    warning = f"The reply names a next page, so this is not the whole list. {advice}"
    return replace(result, complete=False, warnings=(*result.warnings, warning))


def _may_be_structured(pagination: Pagination) -> bool:
    """Whether a cursor may be a list or mapping: in a JSON body it is sent as it came."""
    return pagination.cursor_param is not None and pagination.cursor_param.is_in_json


def _preview(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a mapping"
    return repr(value)[:60]
