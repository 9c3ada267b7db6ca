"""Changes of paging, of the manifest or of an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.changes.change import WordChange, describe_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.pagination import PaginationSettings

_ITEM_WORDS = ("items", "item")  # what a reader is given


def compare_paging(old: PaginationSettings, new: PaginationSettings) -> Iterator[WordChange]:
    """Yield the changes of paging: it breaks where items, kept values or a size that a caller may choose are lost."""
    for word in type(new).model_fields:
        before, after = getattr(old, word), getattr(new, word)
        if before == after:
            continue
        is_breaking = word in _ITEM_WORDS
        if word == "keep":
            is_breaking = not set(before or ()) <= set(after or ())
        elif word == "max_size":
            is_breaking = after is not None and (before is None or after < before)
        message = describe_change(f"pagination.{word}", before, after)
        yield WordChange(("pagination", word), is_breaking, message, in_old=after in (None, [], ()))
