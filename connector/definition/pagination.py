"""The model of how lists are paged."""

from __future__ import annotations

from typing import Literal

from connector.definition.json_path import DataOrHeaderPath, JsonPath
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import Text, word

PaginationStyle = Literal["cursor", "page_number", "offset", "link_header", "next_url", "last_item", "none"]


class PaginationSettings(StrictModel):
    """How lists are paged; an action may override every key."""

    style: PaginationStyle | None = word(
        default=None, description="How the next page is asked for; `none` for a list that is one page."
    )
    next: DataOrHeaderPath | None = word(
        default=None,
        description="Where the reply has the next cursor, or with next_url the next URL; with last_item, "
        "a field of the item.",
    )
    plus: int | None = word(
        default=None,
        description="With last_item, what is added to that field where a page begins at the cursor: 1, or -1 for a "
        "list that counts down.",
    )
    cursor_param: Text | None = word(
        default=None, description="Where the next request has the cursor: query.x or body.a.b."
    )
    size_param: Text | None = word(default=None, description="Where a request has the page size.")
    max_size: int | None = word(default=None, gt=0, description="The largest page size.")
    first: int | None = word(default=None, ge=0, description="The first page number, or offset.")
    has_more: DataOrHeaderPath | None = word(
        default=None, description="The field that says whether there are more pages."
    )
    is_last: DataOrHeaderPath | None = word(
        default=None, description="The field that says whether this is the last page."
    )
    total: DataOrHeaderPath | None = word(
        default=None, description="The field that has the number of items on all pages."
    )
    keep: list[JsonPath] | None = word(
        default=None, description="Fields of the last page to keep in the merged result."
    )


class ActionPagination(PaginationSettings):
    """Where a list has its items; any key of the manifest's `pagination` may be overridden."""

    items: JsonPath = word(description="The field that holds the items; `.` when the reply is the list.")
    item: JsonPath | None = word(default=None, description="Of an entry of the list: the item, such as `node`.")
