"""Objects of a request, read back into what a caller gave for them: their members by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.inputs.variants import list_sent_members
from connector.definition.json_path import join_path, parse_path
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.definition.action import Action
    from connector.definition.fields import InputField, Member
    from connector.definition.inputs.request_location import RequestLocation

    ValueReader = Callable[[InputField, Any, str], Any]  # a member, what was sent for it, and the name of its place
    ConstantCheck = Callable[[str, Any, Any], None]  # the name of its place, what stands there, and the constant

MISSING: Any = object()


def find_at_path(tree: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path of JSON data, or MISSING."""
    for name in path:
        if isinstance(tree, list) and name.isdigit() and int(name) < len(tree):
            tree = tree[int(name)]
        elif isinstance(tree, dict) and name in tree:
            tree = tree[name]
        else:
            return MISSING
    return tree


def find_covers(action: Action) -> dict[str, list[RequestLocation]]:
    """Return for each input the places of others that it is never sent beside, and stands within.

    What is sent there is read as the value of the other one, which says it too.
    """
    return {
        key: [
            other.location
            for other in (action.inputs[name] for name in field.conflicting_inputs)
            if other.location.part == field.location.part
            and other.location.path == field.location.path[: len(other.location.path)] != field.location.path
        ]
        for key, field in action.inputs.items()
    }


@dataclass(frozen=True, slots=True)
class ObjectReader:
    """Reads the members of objects with `read`; `check_constant` is told what stands where a member adds a constant."""

    read: ValueReader
    check_constant: ConstantCheck

    def read_objects(self, field: InputField, sent: Any, name: str) -> Any:
        """Return the objects that were sent for an input, with their members by key; anything else unchanged."""
        if field.type == "object":
            return self._read_object(field, sent, name)
        if field.is_list and isinstance(sent, list):
            return [self._read_object(field, item, f"{name}.{position}") for position, item in enumerate(sent)]
        if field.type == "map of object" and isinstance(sent, dict):
            return {key: self._read_object(field, item, f"{name}.{join_path(key)}") for key, item in sent.items()}
        return sent

    def _read_object(self, field: InputField, sent: Any, name: str) -> Any:
        members = list_sent_members(field, sent)
        if not isinstance(sent, dict) and not any(map(_replaces_object, members.values())):
            return sent
        given = {}
        for key, member in members.items():
            value = find_at_path(sent, member.location.path)
            if value is MISSING:
                continue
            given[key] = self.read(member, value, name if member.to == "." else f"{name}.{member.to}")
            for place, constant in member.adds.items() if value is not None else ():
                self.check_constant(f"{name}.{place}", find_at_path(sent, parse_path(place)), constant)
        return given


def _replaces_object(member: Member) -> bool:
    """Whether something else than a mapping stands where its object does: its own value, or a list."""
    path = member.location.path
    return not path or path[0].isdigit()
