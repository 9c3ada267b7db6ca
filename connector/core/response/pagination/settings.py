"""How one list is paged: the manifest's settings, overridden by the action's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.request.parameter import Parameter
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest
    from connector.definition.pagination import PaginationStyle

NUMBERED_STYLES = ("page_number", "offset")
LINKED_STYLES = ("link_header", "next_url")
_SHARED_WORDS = frozenset({"style", "size_param", "max_size", "has_more", "is_last", "total", "keep", "items", "item"})
WORDS_BY_STYLE: dict[PaginationStyle, frozenset[str]] = {
    "cursor": _SHARED_WORDS | {"next", "cursor_param"},
    "last_item": _SHARED_WORDS | {"next", "plus", "cursor_param"},
    "page_number": _SHARED_WORDS | {"cursor_param", "first"},
    "offset": _SHARED_WORDS | {"cursor_param", "first"},
    "next_url": _SHARED_WORDS | {"next"},
    "link_header": _SHARED_WORDS,
    "none": frozenset({"style", "items", "item"}),
}  # the words that a style uses


@dataclass(frozen=True, slots=True)
class Pagination:
    """How a list is paged. `items` None means the only list of the reply.

    `credential_names` are the query parameters in which connections sign: a link never sets them.
    """

    style: PaginationStyle
    items: str | None
    item: str | None = None
    next: str | None = None
    plus: int = 0
    cursor_param: Parameter | None = None
    size_param: Parameter | None = None
    max_size: int | None = None
    first: int = 0
    has_more: str | None = None
    is_last: str | None = None
    total: str | None = None
    keep: tuple[str, ...] = ()
    credential_names: frozenset[str] = frozenset()

    @classmethod
    def from_definition(cls, manifest: Manifest, action: Action) -> Pagination:
        """Merge the settings of the manifest and of the action, without words that the style does not use."""
        merged = merge_settings(manifest, action)
        style = choose_style(merged)
        used = {key: value for key, value in merged.items() if key in WORDS_BY_STYLE[style] and value is not None}
        for word in ("cursor_param", "size_param"):
            if word in used:
                used[word] = Parameter.parse(used[word], action)
        used.setdefault("first", 1 if style == "page_number" else 0)
        used["keep"] = tuple(used.get("keep", ()))
        used.setdefault("items", None)
        return cls(**{**used, "style": style}, credential_names=_list_credential_names(manifest))


def merge_settings(manifest: Manifest, action: Action) -> dict[str, Any]:
    """Return the words of the manifest, overridden by those of the action."""
    own_words = action.pagination.model_dump(exclude_unset=True) if action.pagination else {}
    return {**manifest.pagination.model_dump(exclude_unset=True), **own_words}


def choose_style(words: dict[str, Any]) -> PaginationStyle:
    """Return the style of these settings; without one, a list with `next` is paged by cursor, any other is one page."""
    style: PaginationStyle | None = words.get("style")
    return style or ("cursor" if words.get("next") else "none")


def pagination_for(manifest: Manifest, action: Action) -> Pagination | None:
    """Return how an action's list is paged, or None when the action returns no list."""
    return Pagination.from_definition(manifest, action) if action.pagination else None


def _list_credential_names(manifest: Manifest) -> frozenset[str]:
    places = (connection_type.to or "" for connection_type in manifest.connections.values())
    return frozenset(place.partition(".")[2] for place in places if place.startswith("query."))
