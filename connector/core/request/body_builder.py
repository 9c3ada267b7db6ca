"""Build the body of an action's request: a tree of values, the parts of a form, or one value whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.inputs.named_file import unwrap_file
from connector.core.inputs.value_tree import ensure_branch, find_place, finish, merge_into, put
from connector.core.json_path import has_position
from connector.core.request.body import (
    JSON_CONTENT_TYPE,
    Body,
    MultipartPart,
    encode_body,
    flatten_form,
    join_name,
)
from connector.definition.fields import OBJECT_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.inputs.coerce import Values
    from connector.core.inputs.value_tree import Way
    from connector.definition.action import Action
    from connector.definition.inputs.request_location import RequestLocation

_PARTS = ("body", "form")


def compile_body(
    action: Action, locations: Mapping[str, RequestLocation], constants: list[tuple[RequestLocation, Any]]
) -> Callable[[Values], Body | None]:
    """Compile the body; constants come first, then inputs, then what is spread."""
    own_locations = {key: location for key, location in locations.items() if location.part in _PARTS}
    whole_key = next((k for k, p in locations.items() if p.part == "body" and not p.path and not p.spread), None)
    json_keys = _list_json_parts(action)
    build_tree = _compile_tree(
        {key: location for key, location in own_locations.items() if key not in dict(json_keys).values()},
        [(location.path, value) for location, value in constants if location.part in _PARTS],
    )
    file_keys = [(".".join(location.path), key) for key, location in locations.items() if location.part == "file"]

    def build(values: Values) -> Body | None:
        if whole_key is not None and whole_key in values:
            return encode_body(action, unwrap_file(values[whole_key]).data)
        tree = build_tree(values)
        if action.body == "multipart":
            json_parts = [
                MultipartPart(name, values[key], None, JSON_CONTENT_TYPE) for name, key in json_keys if key in values
            ]
            return Body(
                "multipart", [*_build_fields(tree, action), *json_parts, *_build_files(values, file_keys)], None
            )
        return encode_body(action, tree) if tree else None

    return build


def _compile_tree(
    locations: Mapping[str, RequestLocation], constants: list[tuple[tuple[str, ...], Any]]
) -> Callable[[Values], dict[str, Any]]:
    """Compile the tree of a body or form from the values of inputs; a number in a place makes a list."""
    constant_places = [(find_place(path), value) for path, value in constants]
    members_by_way: dict[Way, list[tuple[str, str]]] = {}
    for key, location in locations.items():
        if location.path and not location.spread:
            place = find_place(location.path)
            members_by_way.setdefault(place.way, []).append((place.name, key))
    spreads = [(find_place((*location.path, "")).way, key) for key, location in locations.items() if location.spread]
    has_lists = any(
        map(has_position, (*(location.path for location in locations.values()), *(path for path, _ in constants)))
    )

    def build(values: Values) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for place, value in constant_places:
            put(tree, place, value)
        for way, members in members_by_way.items():
            branch: dict[str, Any] = {}
            for name, key in members:
                if key in values:
                    branch[name] = values[key]
            if branch:
                ensure_branch(tree, way).update(branch)
        for way, key in spreads:
            if isinstance(values.get(key), dict):
                merge_into(ensure_branch(tree, way), values[key])
        return finish(tree) if has_lists else tree

    return build


def _list_json_parts(action: Action) -> list[tuple[str, str]]:
    """Return name and key of each input that is one part of a multipart body, as JSON."""
    if action.body != "multipart":
        return []
    return [
        (join_name(definition.location.path, action), key)
        for key, definition in action.inputs.items()
        if definition.type in ("json", *OBJECT_TYPES)
        and definition.location.part in ("form", "body")
        and not definition.location.spread
    ]


def _build_fields(tree: Mapping[str, Any], action: Action) -> list[MultipartPart]:
    return [MultipartPart(name, text) for name, text in flatten_form(tree, action)]


def _build_files(values: Values, file_keys: list[tuple[str, str]]) -> list[MultipartPart]:
    """Return the parts of files; a file without a name of its own has that of its part."""
    parts = []
    for name, key in file_keys:
        if key in values:
            file = unwrap_file(values[key])
            parts.append(MultipartPart(name, file.data, file.name or name))
    return parts
