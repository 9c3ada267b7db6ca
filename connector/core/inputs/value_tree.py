"""A tree of values under construction, as a body has it: mappings by name, and lists where a place has a number."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from connector.core.json_path import has_position

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class _Slots(dict[str, Any]):
    """The items of a list by their position, as text; one that nobody gives leaves no gap."""


def put(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Put a value at a place of a tree; what is on the way is copied, so that given values stay unchanged."""
    *parent, name = path
    ensure_branch(tree, parent, name)[name] = value


def ensure_branch(tree: dict[str, Any], path: Sequence[str], member: str) -> dict[str, Any]:
    """Return the branch at a path, to put a member into it; what is missing is made."""
    for name, following in pairwise((*path, member)):
        branch = tree.get(name)
        kind = _Slots if following.isdigit() and has_position((following,)) else dict  # the first is quick
        branch = type(branch)(branch) if isinstance(branch, dict) else kind()
        tree[name] = branch
        tree = branch
    return tree


def merge_into(target: dict[str, Any], updates: Mapping[str, Any]) -> None:
    """Merge a mapping into a branch, mappings within it too."""
    for name, value in updates.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            merge_into(ensure_branch(target, (name,), ""), value)
        else:
            target[name] = value


def finish(tree: Any) -> Any:
    """Return a tree with its lists as lists, in the order of their positions."""
    if not isinstance(tree, dict):
        return tree
    finished = {name: finish(value) for name, value in tree.items()}
    if isinstance(tree, _Slots) and all(has_position((name,)) for name in finished):
        return [finished[name] for name in sorted(finished, key=int)]
    return finished
