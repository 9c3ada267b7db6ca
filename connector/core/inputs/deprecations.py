"""Warn about what should not be used any more: an action, an input, or an earlier key of either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connector.core.inputs.coerce import to_json_value
from connector.core.inputs.objects import iterate_members
from connector.definition.case import to_snake_case
from connector.definition.fields import walk_fields
from connector.definition.inputs.spellings import index_earlier_spellings, index_spellings
from connector.definition.json_path import join_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.core.inputs.coerce import Values
    from connector.definition.action import Action
    from connector.definition.fields import InputField

Deprecations = Callable[[str | None, Mapping[str, Any], "Values"], tuple[str, ...]]


def compile_deprecations(action: Action) -> Deprecations | None:
    """Return the function from a call to warnings; None where an action has nothing that is deprecated or renamed.

    The function takes the name that the action was called by, the inputs as they were given, and their values.
    """
    old_names = {spelling for key in action.was for spelling in (key, to_snake_case(key))}
    has_renamed = any(one.was for field in action.inputs.values() for one in walk_fields(field))
    has_deprecated = any(map(_has_deprecation, action.inputs.values()))
    if not (old_names or has_renamed or has_deprecated or action.deprecated):
        return None

    def find_deprecations(name: str | None, given: Mapping[str, Any], values: Values) -> tuple[str, ...]:
        return tuple(find(name, given, values))

    def find(name: str | None, given: Mapping[str, Any], values: Values) -> Iterator[str]:
        if name is not None and name.replace("-", "_") in old_names:
            yield f"{name} is called {action.action} now."
        if action.deprecated:
            yield f"{action.action}: {action.deprecated.describe()}"
        if has_renamed:
            for place, key in _iterate_renamed(action.inputs, given):
                yield f"{place} is called {key} now."
        if has_deprecated:
            for place, field in _iterate_given(action, values):
                if field.deprecated:
                    yield f"{place}: {field.deprecated.describe()}"

    return find_deprecations


def _has_deprecation(field: InputField) -> bool:
    return any(one.deprecated is not None for one in walk_fields(field))


def _iterate_renamed(
    inputs: Mapping[str, InputField], given: Mapping[str, Any], start: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield the place of what is given under an earlier key, members of objects too, and its key of today."""
    spellings, earlier = index_spellings(inputs), index_earlier_spellings(inputs)
    for spelling, value in given.items():
        if spelling in earlier:
            yield f"{start}{spelling}", earlier[spelling]
        key = spellings.get(spelling)
        if key is not None and inputs[key].members:
            for place, members in _iterate_objects(inputs[key], value, f"{start}{key}"):
                yield from _iterate_renamed(inputs[key].members, members, f"{place}.")


def _iterate_objects(field: InputField, given: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each object of an input that was accepted, perhaps as a JSON text, with its place."""
    value = to_json_value(given) if isinstance(given, str) else given
    entries: Iterable[tuple[str, Any]] = [(place, value)]
    if field.type == "map of object":
        entries = [(f"{place}.{join_path(str(key))}", one) for key, one in (value or {}).items()]
    elif field.type == "list of object":
        entries = [(f"{place}.{index}", one) for index, one in enumerate(value or ())]
    for name, entry in entries:
        one = to_json_value(entry) if isinstance(entry, str) else entry
        if one is not None:
            yield name, one


def _iterate_given(action: Action, values: Values) -> Iterator[tuple[str, InputField]]:
    """Yield the place and definition of each value that is given, members of objects too."""
    for key, field in action.inputs.items():
        value = values.get(key)
        if value is None or (field.has_default and value == field.default):
            continue
        yield key, field
        yield from ((place, member) for place, member, _ in iterate_members(field, value, key))
