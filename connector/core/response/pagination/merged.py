"""All pages of a listing as one result, in the form of the first."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at_path, has_path, set_at_path
from connector.definition.json_path import parse_reply_path
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.core.response.pagination.paginator import Paginator
    from connector.core.response.result import Result


@dataclass(slots=True)
class MergedPages:
    """Merges pages into one result: the first page's data with the items of all, and what is kept of the last."""

    paginator: Paginator
    last_result: Result | None = None
    last_reply: Result | None = None  # which may be no page
    items: list[Any] = field(default_factory=list)
    first_data: Any = None
    attempts: int = 0
    warnings: tuple[str, ...] = ()

    def add_page(self, result: Result) -> None:
        """Add the page that a reply has. Raises PageError for a reply that is none."""
        self.last_reply = result
        self.attempts += result.attempts
        result = self.paginator.take_page(result)
        if self.last_result is None:
            self.first_data = result.data
        self.last_result = result
        self.warnings = tuple(dict.fromkeys((*self.warnings, *result.warnings)))
        self.items += self.paginator.items_of(result.data)

    def build_result(self) -> Result | None:
        """Return the merged result, or None when there was no page."""
        if self.last_result is None:
            return None
        paginator = self.paginator
        data = self.first_data
        if self.items or has_path(data, paginator.items_path):  # a reply without the list gets none
            data = set_at_path(data, paginator.items_path, self.items)
        if paginator.items_path != ".":
            data = self._set_signs(self._keep_fields(data, self.last_result.data))
        return replace(
            self.last_result,
            data=data,
            pages=paginator.page_count,
            complete=paginator.complete,
            attempts=self.attempts,
            warnings=(*self.warnings, *paginator.warnings),
        )

    def _keep_fields(self, data: Any, last_data: Any) -> Any:
        """Return the data with the fields of the last page that the definition keeps."""
        pagination, kept = self.paginator.pagination, self.paginator.pagination.keep
        if self.paginator.end_reason:  # the signs of the end are doubtful, so they stay as the service gave them
            signs = (
                pagination.next if pagination.style != "last_item" else None,
                pagination.has_more,
                pagination.is_last,
            )
            kept = (*kept, *(path for path in signs if path and _is_in_data(last_data, path)))
        for path in kept:
            if has_path(last_data, path):
                data = set_at_path(data, path, get_at_path(last_data, path))
        return data

    def _set_signs(self, data: Any) -> Any:
        """Return the data with a cursor and flags that fit the whole listing, or where a limit cut it."""
        paginator, pagination = self.paginator, self.paginator.pagination
        if paginator.end_reason:
            return data
        if pagination.style in ("cursor", "next_url") and _is_in_data(data, pagination.next):
            data = set_at_path(data, str(pagination.next), "" if paginator.complete else paginator.cursor or "")
        for path, value in ((pagination.has_more, not paginator.complete), (pagination.is_last, paginator.complete)):
            if path is not None and _is_in_data(data, path):
                current = get_at_path(data, path)
                if isinstance(current, str):
                    data = set_at_path(data, path, str(value).lower())
                elif isinstance(current, bool | int | float):
                    data = set_at_path(data, path, type(current)(value))
        return data


def _is_in_data(data: Any, path: str | None) -> bool:
    """Whether a path of a reply names a value of its data, null excluded."""
    return path is not None and parse_reply_path(path).header is None and get_at_path(data, path) is not None
