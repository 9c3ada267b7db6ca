"""Warn about what should not be used any more: an action, an input, or an earlier key of either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connector.core.inputs.objects import iterate_members
from connector.definition.case import to_snake_case
from connector.definition.fields import walk_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.inputs.coerce import Values
    from connector.definition.action import Action
    from connector.definition.fields import InputField

Deprecations = Callable[[str | None, Mapping[str, Any], "Values"], tuple[str, ...]]


def compile_deprecations(action: Action) -> Deprecations | None:
    """Return the function from a call to warnings; None where an action has nothing that is deprecated or renamed.

    The function takes the name that the action was called by, the inputs as they were given, and their values.
    """
    old_keys = action.key_by_earlier_spelling
    old_names = {spelling for key in action.was for spelling in (key, to_snake_case(key))}
    has_deprecated = any(map(_has_deprecation, action.inputs.values()))
    if not (old_keys or old_names or has_deprecated or action.deprecated):
        return None

    def find_deprecations(name: str | None, given: Mapping[str, Any], values: Values) -> tuple[str, ...]:
        return tuple(find(name, given, values))

    def find(name: str | None, given: Mapping[str, Any], values: Values) -> Iterator[str]:
        if name is not None and name.replace("-", "_") in old_names:
            yield f"{name} is called {action.action} now."
        if action.deprecated:
            yield f"{action.action}: {action.deprecated.describe()}"
        for spelling in given:
            if spelling in old_keys:
                yield f"{spelling} is called {old_keys[spelling]} now."
        if has_deprecated:
            for place, field in _iterate_given(action, values):
                if field.deprecated:
                    yield f"{place}: {field.deprecated.describe()}"

    return find_deprecations


def _has_deprecation(field: InputField) -> bool:
    return any(one.deprecated is not None for one in walk_fields(field))


def _iterate_given(action: Action, values: Values) -> Iterator[tuple[str, InputField]]:
    """Yield the place and definition of each value that is given, members of objects too."""
    for key, field in action.inputs.items():
        value = values.get(key)
        if value is None or (field.has_default and value == field.default):
            continue
        yield key, field
        yield from ((place, member) for place, member, _ in iterate_members(field, value, key))
