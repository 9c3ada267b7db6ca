"""Objects whose members are declared: each is checked as inputs are, and put together as the service expects it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from connector.core.inputs.coerce import Values, to_json_value, to_text
from connector.core.inputs.sizes import check_length
from connector.core.inputs.value_tree import find_place, finish, put
from connector.core.inputs.variants import list_sent_members
from connector.core.invalid_value import InvalidValue
from connector.core.json_path import get_at, has_position
from connector.core.redaction import preview
from connector.definition.inputs.spellings import index_earlier_spellings, index_spellings
from connector.definition.json_path import PathSyntaxError, join_path, parse_path
from connector.definition.suggest import closest
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connector.core.inputs.field_checks import ValueCheck
    from connector.definition.fields import InputField, Member

_MAX_NAMED_MEMBERS = 12
_MAX_PROBLEMS = 50  # of one list or mapping
_OBJECT = "object"  # where an object stands in the tree that it is built in


class RejectedMembers(Exception):
    """Members of an object break rules; which ones nobody has asked yet."""


class MemberValidator(Protocol):
    """Checks the members of one object and returns their values by key, and the members that it may have."""

    def __call__(self, given: Mapping[str, Any]) -> tuple[Values, ObjectLayout]:
        """Return values and layout. Raises RejectedMembers, or InputError with every problem."""
        ...


class ObjectLayout:
    """The places of members in an object, and of what they add."""

    def __init__(self, members: Mapping[str, Member]) -> None:
        self._places = [(key, find_place((_OBJECT, *member.location.path))) for key, member in members.items()]
        self._additions = [
            (key, find_place((_OBJECT, *parse_path(place))), value)
            for key, member in members.items()
            for place, value in member.adds.items()
        ]

    def build(self, values: Values) -> Any:
        """Return the object as the service expects it: a list where places begin with numbers, or what is at `.`."""
        tree: dict[str, Any] = {}
        for key, place in self._places:
            if key in values:
                put(tree, place, values[key])
        for key, place, constant in self._additions:
            if values.get(key) is not None:
                put(tree, place, constant)
        return finish(tree).get(_OBJECT, {})


class InvalidMembers(InvalidValue):
    """Members of an object break rules: `problems` has all, each with its place below the object."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("an object whose members are valid")
        self.problems = problems

    def below(self, name: str) -> list[Problem]:
        """Return the problems as they are told of the object with this name."""
        return [
            replace(problem, field=f"{name}.{problem.field}" if problem.field else name) for problem in self.problems
        ]


def compile_object_check(field: InputField, validate: MemberValidator) -> ValueCheck:
    """Return the check of one object, a list or a mapping of them.

    It raises InvalidMembers with every problem, or what `validate` raises if that is RejectedMembers.
    """
    example = f"such as {json.dumps(field.example)}" if field.example is not None and not field.secret else ""

    def check_one(value: Any) -> Any:
        value = to_json_value(value) if isinstance(value, str) else value
        if not isinstance(value, Mapping):
            raise InvalidValue(_describe_members(field), example)
        try:
            values, layout = validate(value)
        except InputError as error:
            raise InvalidMembers(list(error.problems)) from None
        return layout.build(values)

    def check_list(value: Any) -> list[Any]:
        value = to_json_value(value) if isinstance(value, str) else value
        if not isinstance(value, list | tuple):
            raise InvalidValue("a list of objects", example)
        check_length(field, len(value), "items")
        return [item for _, item in _check_each(check_one, field, enumerate(value))]

    def check_mapping(value: Any) -> dict[str, Any]:
        value = to_json_value(value) if isinstance(value, str) else value
        if not isinstance(value, Mapping):
            raise InvalidValue("an object of objects", example)
        check_length(field, len(value), "entries")
        return dict(_check_each(check_one, field, ((to_text(key), item) for key, item in value.items())))

    return {"object": check_one, "list of object": check_list, "map of object": check_mapping}[field.type]


def _check_each(check: ValueCheck, field: InputField, entries: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Check each object of several. Raises InvalidMembers with the problems of all, or of the first ones of many."""
    checked, problems = [], list[Problem]()
    for name, value in entries:
        try:
            checked.append((name, check(value)))
        except InvalidMembers as invalid:
            problems += invalid.below(join_path(str(name)))
        except InvalidValue as invalid:
            got = preview(value, is_secret=field.secret)
            problems.append(Problem(join_path(str(name)), got, invalid.expected, invalid.fix))
        if len(problems) >= _MAX_PROBLEMS:
            break
    if problems:
        raise InvalidMembers(problems)
    return iter(checked)


def _describe_members(field: InputField) -> str:
    names = list(field.members)
    listed = ", ".join(names[:_MAX_NAMED_MEMBERS]) + (" and more" if len(names) > _MAX_NAMED_MEMBERS else "")
    return f"an object with {listed}"


def iterate_members(field: InputField, value: Any, name: str) -> Iterator[tuple[str, Member, Any]]:
    """Yield each member of a checked value, at any depth: its name such as `attendees.0.email`, itself, its value."""
    if field.type == "object":
        objects = [(name, value)]
    elif isinstance(value, list):
        objects = [(f"{name}.{position}", item) for position, item in enumerate(value)]
    else:
        objects = [(f"{name}.{join_path(key)}", item) for key, item in value.items()] if isinstance(value, dict) else []
    for place, item in objects:
        for key, member in list_sent_members(field, item).items():
            member_value = get_at(item, member.location.path)
            if member_value is not None:
                yield f"{place}.{key}", member, member_value
                yield from iterate_members(member, member_value, f"{place}.{key}")


def _split_name(name: str) -> tuple[str, ...]:
    """Return the names of `attendees.0.email`; one with a dot stands in quotes. What is no path is one name."""
    try:
        return parse_path(name) or (name,)
    except PathSyntaxError:
        return tuple(name.split("."))


def find_member(inputs: Mapping[str, InputField], name: str) -> tuple[tuple[str, ...], InputField] | None:
    """Return where a name such as `attendees.0.email` puts a value in the inputs, and its field; None for any other.

    An earlier key stays as it is written, so that the call says that it is called otherwise now.
    """
    first, *rest = _split_name(name)
    key = index_spellings(inputs).get(first)
    if key is None or (rest and not inputs[key].members):
        return None
    field, names = inputs[key], [first if first in index_earlier_spellings(inputs) else key]
    if rest and field.type != "object":
        position = rest.pop(0)
        if field.is_list and not has_position((position,)):
            return None
        names.append(str(int(position)) if field.is_list else position)
    if not rest:
        return (tuple(names), field) if len(names) == 1 else None
    found = find_member(field.members, join_path(*rest))
    return None if found is None else ((*names, *found[0]), found[1])


def suggest_member(inputs: Mapping[str, InputField], name: str) -> str | None:
    """Return the member that a name such as `attendees.0.emial` may mean; None where no object is named."""
    first, *rest = _split_name(name)
    field = inputs.get(index_spellings(inputs).get(first, ""))
    if field is None or not rest or not field.members:
        return None
    place = first
    if field.type != "object":
        place = join_path(first, rest.pop(0))
    spellings = index_spellings(field.members)
    below = join_path(*rest)
    deeper, match = suggest_member(field.members, below), closest(below, spellings)
    meant = deeper or (spellings[match] if match else None)
    return None if meant is None else f"{place}.{meant}"


def suggest_entry(inputs: Mapping[str, InputField], name: str) -> str | None:
    """Return how to give an entry of a mapping that `name` puts behind a dot; None where it names no mapping."""
    first, *rest = _split_name(name)
    key = index_spellings(inputs).get(first)
    if key is None or not rest or not inputs[key].is_map or inputs[key].members:
        return None
    entry = ".".join(rest)
    return f'{key} is a mapping: {{"{entry}": ...}}, or -i {key}={entry}=... on the command line'


def set_member(
    inputs: Mapping[str, InputField], given: Mapping[str, Any], names: Sequence[str], value: Any
) -> dict[str, Any]:
    """Return given inputs with the value at the names that `find_member` returned, copied along the way."""
    key, *rest = names
    if not rest:
        return {**given, key: value}
    field = inputs[key] if key in inputs else inputs[index_spellings(inputs)[key]]
    return {**given, key: _set_below(field, given.get(key), rest, value)}


def _set_below(field: InputField, holder: Any, names: list[str], value: Any) -> Any:
    if field.type == "object":
        return set_member(field.members, holder or {}, names, value)
    name, *rest = names
    if not field.is_list:
        entries = dict(holder or {})
        return {**entries, name: set_member(field.members, entries.get(name) or {}, rest, value)}
    position, items = int(name), list(holder or [])
    items += [None] * (position + 1 - len(items))  # what nobody gives is told when the list is checked
    items[position] = set_member(field.members, items[position] or {}, rest, value)
    return items


def find_overlap(name: str, others: Iterable[str]) -> str | None:
    """Return the first of other names that is the same, or an object of which one of both is a member."""
    return next((one for one in others if f"{one}.".startswith(f"{name}.") or f"{name}.".startswith(f"{one}.")), None)


def find_secrets(field: InputField, value: Any, name: str) -> list[str]:
    """Return the secret texts in a checked value of an input: itself, or what its secret members are."""
    if field.type == "password":
        return [value] if value else []
    members = iterate_members(field, value, name)
    return [text for _, member, text in members if member.type == "password" and text]
