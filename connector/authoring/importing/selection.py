"""Which operations of a description are imported: by tag or by path."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from connector.definition.suggest import did_you_mean
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.authoring.importing.description import Operation


def select(operations: Sequence[Operation], only: Sequence[str], excluded: Sequence[str]) -> list[Operation]:
    """Return the operations that match one of `only`, all for none, and none of `excluded`.

    Each is a tag, or a path with `*` for anything. Raises UsageError for one that matches nothing.
    """
    for wanted in (*only, *excluded):
        if not any(_matches(operation, wanted) for operation in operations):
            tags = sorted({tag for operation in operations for tag in operation.tags})
            kind = "path" if wanted.startswith("/") else "tag"
            message = f"no operation has the {kind} {wanted!r}.{did_you_mean(wanted, tags)}"
            raise UsageError(message, hint="--list shows the tags and paths.")
    return [
        operation
        for operation in operations
        if (not only or any(_matches(operation, wanted) for wanted in only))
        and not any(_matches(operation, unwanted) for unwanted in excluded)
    ]


def _matches(operation: Operation, wanted: str) -> bool:
    if wanted.startswith("/"):
        return fnmatchcase(operation.path, wanted)
    return wanted.lower() in (tag.lower() for tag in operation.tags)
