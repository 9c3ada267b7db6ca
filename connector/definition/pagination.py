"""The model of how lists are paged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connector.definition.fields import StrictModel, Text


class PaginationSettings(StrictModel):
    """How lists are paged; an action may override every key."""

    style: Literal["cursor", "page_number", "offset", "link_header", "last_item"] | None = None
    next: Text | None = Field(
        default=None, description="Where the reply has the next cursor; with last_item, a field of the item."
    )
    cursor_param: Text | None = Field(
        default=None, description="Where the next request has the cursor: query.x or body.x."
    )
    size_param: Text | None = Field(default=None, description="Where a request has the page size.")
    max_size: int | None = Field(default=None, gt=0, description="The largest page size.")
    first: int | None = Field(default=None, ge=0, description="The first page number, or offset.")
    has_more: Text | None = Field(default=None, description="The field that says whether there are more pages.")
