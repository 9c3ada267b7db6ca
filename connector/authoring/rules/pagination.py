"""Rules of lists: the words that a style of paging needs and uses, and paths that replies have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.core.json_path import get_at_path, has_path
from connector.core.response.pagination import page as pages
from connector.core.response.pagination.settings import WORDS_BY_STYLE, Pagination, choose_style, merge_settings
from connector.core.response.result import Result
from connector.definition.action import UPDATE_METHODS
from connector.definition.inputs.request_location import RequestLocation
from connector.definition.json_path import parse_reply_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest
    from connector.definition.pagination import PaginationSettings, PaginationStyle

RULE = "pagination-complete"
_REQUIRED_WORDS: dict[PaginationStyle, tuple[str, ...]] = {
    "cursor": ("next", "cursor_param"),
    "last_item": ("next", "cursor_param"),
    "page_number": ("cursor_param",),
    "offset": ("cursor_param",),
    "next_url": ("next",),
}


def check_pagination(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a list has the words that its style of paging needs, and none that do nothing."""
    own_words = file.model.pagination
    if own_words is None or folder.manifest is None or folder.manifest.has_invalid_key("pagination"):
        return
    words = merge_settings(folder.manifest_or_blank, file.model)
    style = choose_style(words)
    missing = [word for word in _REQUIRED_WORDS.get(style, ()) if not words.get(word)]
    if missing:
        message = f"style {style} needs {' and '.join(missing)} too, here or in the manifest."
        yield Violation(("pagination",), RULE, message, key=True)
    if file.model.method in (*UPDATE_METHODS, "DELETE", "HEAD"):
        yield Violation(("pagination",), RULE, f"a {file.model.method} has no pages; remove it.", key=True)
    yield from _check_places(own_words)
    for word in ("cursor_param", "size_param"):
        is_inherited = word not in own_words.model_fields_set and word in WORDS_BY_STYLE[style]
        if is_inherited and file.model.method == "GET" and str(words.get(word)).startswith("body"):
            message = f"`{word}` of the manifest is in the body, which a GET has not; name a place of the query."
            yield Violation(("pagination",), RULE, message, key=True)
    if words.get("cursor_param") and words.get("cursor_param") == words.get("size_param"):
        message = f"`cursor_param` and `size_param` are both {words['size_param']}; each needs a place of its own."
        yield Violation(("pagination",), RULE, message, key=True)
    yield from _check_used(own_words, WORDS_BY_STYLE[style], f"with style: {style}" if words.get("style") else "")
    yield from _check_replies(file, Pagination.from_definition(folder.manifest_or_blank, file.model))


def check_manifest_pagination(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check the manifest's words about paging: each is used by its style, or by that of an action."""
    own_words = file.model.pagination
    style = choose_style(own_words.model_dump(exclude_unset=True))
    used = WORDS_BY_STYLE[style]
    for action in folder.actions:
        used |= WORDS_BY_STYLE[choose_style(merge_settings(file.model, action.model))]
    yield from _check_places(own_words)
    yield from _check_used(own_words, used, f"with style: {style}" if own_words.style else "")


def _check_places(words: PaginationSettings) -> Iterator[Violation]:
    """Check that parameters stand where paging can put them."""
    for word in ("cursor_param", "size_param"):
        place = getattr(words, word)
        location = RequestLocation.parse(place) if place else None
        if location is not None and (
            location.part not in ("query", "body") or not all(location.path) or not location.path or location.spread
        ):
            yield Violation(("pagination", word), RULE, "expected query.x or body.x.")


def _check_used(words: PaginationSettings, used: frozenset[str], setting: str) -> Iterator[Violation]:
    if words.plus == 0:
        yield Violation(("pagination", "plus"), "no-effect", "0 adds nothing; remove it.")
    for word in sorted(words.model_fields_set - used):
        message = f"`{word}` has no effect {setting or 'without `style`'}; remove it."
        yield Violation(("pagination", word), "no-effect", message, key=True)


def _list_bodies(action: Action) -> list[Any]:
    """Return the bodies of the replies that the file shows: its example, and recorded ones."""
    recorded_replies = [reply.body for reply in action.replies if reply.status in range(200, 300)]
    return [body for body in (action.returns.example, *recorded_replies) if body is not None]


def _check_replies(file: ParsedFile[Action], pagination: Pagination) -> Iterator[Violation]:
    """Check that a reply of the file has what the paths name, and that paging can read it."""
    bodies = _list_bodies(file.model)
    if not bodies:
        return
    lists = [entries for body in bodies if isinstance(entries := get_at_path(body, pagination.items), list)]
    if not lists:
        message = f"the example at line {file.find_line(('returns', 'example'))} has no list at {pagination.items!r}."
        is_written = ("pagination",) in file.document.key_positions
        place = ("pagination", "items") if is_written else ("returns", "example")
        yield Violation(
            place, RULE, message if is_written else "rows are a list: write the example as one.", key=not is_written
        )
    entries = [entry for listed in lists for entry in listed]
    for word in ("next", "has_more", "is_last", "total", "item", "keep"):
        is_of_item = word == "item" or (word == "next" and pagination.style == "last_item")
        if is_of_item and not entries:
            continue
        for path in _list_paths(pagination, word):
            if is_of_item and parse_reply_path(path).header is not None:
                yield _fail(file, word, "expected a field of the item.")
            elif not any(_has(body, path) for body in (entries if is_of_item else bodies)):
                owner = "no item" if is_of_item else "no reply"
                yield _fail(file, word, f"{owner} of the example has {path!r}; correct the path, or add it there.")
    for entry in entries if pagination.plus else ():
        try:
            pages.read_cursor_after(pagination, entry)
        except pages.UnexpectedPage as unexpected:
            yield _fail(file, "plus", f"{unexpected.reason}.")
            break
    yield from _check_readable(file, pagination, bodies)


def _list_paths(pagination: Pagination, word: str) -> tuple[str, ...]:
    value = getattr(pagination, word)
    return value if isinstance(value, tuple) else (value,) if value else ()


def _has(body: Any, path: str) -> bool:
    """Whether a body has a path; of headers, nothing is shown."""
    return parse_reply_path(path).header is not None or has_path(body, path)


def _fail(file: ParsedFile[Action], word: str, message: str) -> Violation:
    """Return the violation at a word of the action, or of the manifest where the action inherits it."""
    if file.model.pagination and word in file.model.pagination.model_fields_set:
        return Violation(("pagination", word), RULE, message)
    return Violation(("pagination",), RULE, f"`{word}` of the manifest: {message}", key=True)


def _check_readable(file: ParsedFile[Action], pagination: Pagination, bodies: list[Any]) -> Iterator[Violation]:
    """Check that flags, totals and cursors of the replies are what paging can read."""
    readers = {"has_more": pages.read_has_more, "total": pages.read_total}
    if pagination.style in ("cursor", "next_url"):
        readers["next"] = pages.read_next
    for word, read in readers.items():
        for body in bodies:
            try:
                read(pagination, Result(body))
            except pages.UnexpectedPage as unexpected:
                is_other_flag = word == "has_more" and unexpected.reason.startswith(f"{pagination.is_last} ")
                yield _fail(file, "is_last" if is_other_flag else word, f"{unexpected.reason}.")
                break
