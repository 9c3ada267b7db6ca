"""Groups of actions, by the resource that their paths are about."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

RAW_GROUP = "any request"


class LocatedAction(Protocol):
    """An action's key, and its path template; empty for a raw request."""

    @property
    def action(self) -> str:
        """The action's key."""
        ...

    @property
    def path(self) -> str:
        """The path below the base URL."""
        ...


T = TypeVar("T", bound=LocatedAction)


def group_by_resource(actions: Sequence[T]) -> dict[str, list[T]]:
    """Group actions by the last noun of their path, or by the first if no other action shares the last."""
    nouns = {member.action: list_path_nouns(member.path) or [RAW_GROUP] for member in actions}
    counts = Counter(path_nouns[-1] for path_nouns in nouns.values())
    groups: dict[str, list[T]] = {}
    for member in sorted(actions, key=lambda action: action.action):
        path_nouns = nouns[member.action]
        groups.setdefault(path_nouns[-1] if counts[path_nouns[-1]] > 1 else path_nouns[0], []).append(member)
    return dict(sorted(groups.items(), key=lambda item: (item[0] == RAW_GROUP, item[0])))


def list_path_nouns(path: str) -> list[str]:
    """Return the fixed segments of a path, in order."""
    return re.findall(r"/([^/{}]+)", path)
