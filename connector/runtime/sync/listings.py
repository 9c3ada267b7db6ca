"""Which action reads the list of which resource, and what it needs for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.records.kinds import RecordKinds
from connector.core.response.pagination.settings import pagination_for
from connector.definition.suggest import did_you_mean
from connector.errors import InputError, Problem, UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connector.core.response.pagination.settings import Pagination
    from connector.definition.action import Action
    from connector.definition.loader import Connector


@dataclass(frozen=True, slots=True)
class ListAction:
    """The action that lists a resource, how it is paged, and the input that names the parent, if it is of one."""

    action: Action
    pagination: Pagination | None
    parent_input: str | None


def find_listings(connector: Connector, names: tuple[str, ...], given: Mapping[str, Any]) -> dict[str, ListAction]:
    """Return the listing of each resource and of its parents, parents first. Raises InputError with all problems."""
    kinds = connector.derive(RecordKinds)
    if not kinds.resources:
        hint = "Name them in its manifest: resources: {users: {list: /users, id: id}}."
        raise UsageError(f"{connector.name} names no resources.", hint=hint)
    listings: dict[str, ListAction] = {}
    problems: list[Problem] = []
    for name in kinds.check_names(names):
        for resource in _list_ancestors(connector, name):
            if resource in listings:
                continue
            key = kinds.find_listing(resource)
            action = None if key is None else connector.action(key)
            problem = _find_problem(connector, resource, action, given)
            if problem is not None:
                problems.append(problem)
            elif action is not None:
                keys = _list_path_inputs(action, given)
                pagination = pagination_for(connector.manifest, action)
                listings[resource] = ListAction(action, pagination, keys[0] if keys else None)
    problems += _find_idle_inputs(listings, given) if not problems else []
    if problems:
        raise InputError.from_problems("records", problems, undone="done")
    return listings


def _list_ancestors(connector: Connector, name: str) -> list[str]:
    """Return a resource after its parents."""
    line = [name]
    while (parent := connector.manifest.resources[line[0]].parent) is not None and parent not in line:
        line.insert(0, parent)
    return line


def _find_problem(connector: Connector, resource: str, action: Action | None, given: Collection[str]) -> Problem | None:
    """Return why the list of a resource cannot be read by itself, or None."""
    if action is None:
        return Problem("resource", resource, "a resource whose list an action reads", "no action does: read it by hand")
    keys = _list_path_inputs(action, given)
    has_parent = connector.manifest.resources[resource].parent is not None
    missing = keys[1:] if has_parent else keys
    missing += [
        key
        for key, one in action.inputs.items()
        if one.required and one.default is None and key not in keys and key not in given
    ]
    if not missing:
        return None
    fix = f"give {' '.join(f'-i {key}=...' for key in missing)}"
    return Problem("resource", resource, f"a list with all its inputs; {action.action} needs {', '.join(missing)}", fix)


def _find_idle_inputs(listings: Mapping[str, ListAction], given: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each input that none of the lists has."""
    known = {key for listed in listings.values() for key in listed.action.inputs if key != listed.parent_input}
    return [
        Problem(
            "-i", key, "an input of one of the lists", f"known: {', '.join(sorted(known))}{did_you_mean(key, known)}"
        )
        for key in given
        if key not in known
    ]


def _list_path_inputs(action: Action, given: Collection[str]) -> list[str]:
    inputs = action.inputs.items()
    is_open = (key for key, one in inputs if one.location.part == "path" and one.default is None and key not in given)
    return list(is_open)
