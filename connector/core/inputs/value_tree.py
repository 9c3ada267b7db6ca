"""A tree of values under construction, as a body has it: mappings by name, and lists where a place has a number."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.json_path import has_position

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class _Slots(dict[str, Any]):
    """The items of a list by their position, as text; one that nobody gives leaves no gap."""


# The names on the way to a branch, each with what is made where nothing is.
Way = tuple[tuple[str, type[dict[str, Any]]], ...]


class TreePlace(NamedTuple):
    """A place in a tree: the way to its branch, and its name there."""

    way: Way
    name: str


def find_place(path: Sequence[str]) -> TreePlace:
    """Return the place at a path; a number in it is a position in a list."""
    way: list[tuple[str, type[dict[str, Any]]]] = [
        (name, _Slots if has_position((following,)) else dict) for name, following in pairwise(path)
    ]
    return TreePlace(tuple(way), path[-1])


def put(tree: dict[str, Any], place: TreePlace, value: Any) -> None:
    """Put a value at a place of a tree; what is on the way is copied, so that given values stay unchanged."""
    ensure_branch(tree, place.way)[place.name] = value


def ensure_branch(tree: dict[str, Any], way: Way) -> dict[str, Any]:
    """Return the branch at the end of a way, to put a member into it; what is missing is made."""
    for name, kind in way:
        branch = tree.get(name)
        branch = type(branch)(branch) if isinstance(branch, dict) else kind()
        tree[name] = branch
        tree = branch
    return tree


def merge_into(target: dict[str, Any], updates: Mapping[str, Any]) -> None:
    """Merge a mapping into a branch, mappings within it too."""
    for name, value in updates.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            merge_into(ensure_branch(target, ((name, dict),)), value)
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
