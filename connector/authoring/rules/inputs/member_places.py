"""Rules of where the members of an object go: each has a place of its own, or stands in the object's place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.fields import iter_groups
from connector.authoring.rules.places import UsedLocation, find_mixed_places, has_overlap
from connector.definition.inputs.request_location import RequestLocation
from connector.definition.json_path import join_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.fields import InputField
    from connector.definition.parsers.strict_yaml import NodePath


def check_member_places(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that each member of an object, and what it adds, has a place in it of its own."""
    for group in iter_groups(file):
        if group.path == ("inputs",):
            continue
        used: list[UsedLocation] = []
        for key, member in group.visible.items():
            used += _list_member_places((*group.path, key), key, member)
        for number, one in enumerate(used):
            is_key = one.path[-1] != "to"
            if one.path[len(group.path)] not in group.inputs:
                continue
            whole = _find_whole(one, used, group.visible)
            if whole:
                yield Violation(one.path, "place", whole, key=is_key)
                continue
            others = [other for other in used[:number] if other.location.path]
            other = next((other for other in others if has_overlap(one.location, other.location)), None)
            if other is not None:
                name = join_path(*one.location.path)
                yield Violation(one.path, "one-place", f"{name} is used by {other.owner} too.", key=is_key)
            yield from find_mixed_places(one, others)


def _find_whole(one: UsedLocation, used: list[UsedLocation], members: Mapping[str, InputField]) -> str:
    """Return why a value cannot stand in the place of its object; empty where it can, or does not."""
    if one.location.path:
        return ""
    if one.owner not in members or len(used) > 1:
        return "`.` is the object itself: only the value of its one member can stand there."
    return "" if members[one.owner].required else "the value stands in the object's place; make it required."


def _list_member_places(path: NodePath, key: str, member: InputField) -> list[UsedLocation]:
    is_written = "to" in member.model_fields_set and member.to != key
    return [
        UsedLocation(member.location, key, (*path, "to") if is_written else path),
        *(
            UsedLocation(RequestLocation("body", parse_path(text)), f"{key} adds", (*path, "adds", text))
            for text in member.adds
        ),
    ]
