"""Bodies read back as the inputs that send them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at, has_path
from connector.definition.json_path import join_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action
    from connector.definition.fields import InputField


def read_body_inputs(action: Action, body: Any) -> dict[str, Any]:
    """Return the inputs of an action that send a body: of each that goes to the body what stands at its place."""
    given = {}
    for key, field in action.inputs.items():
        path = field.location.path
        if field.location.part == "body" and (not path or has_path(body, join_path(*path))):
            given[key] = _read_value(field, get_at(body, path))
    return given


def _read_value(field: InputField, value: Any) -> Any:
    """Return a value of a body as an input takes it: members of objects by their keys."""
    if field.type == "json" and not isinstance(value, dict | list):
        return json.dumps(value)  # a text is read as JSON
    if not field.members:
        return value
    if field.type == "list of object" and isinstance(value, list):
        return [_read_members(field, one) for one in value]
    if field.type == "map of object" and isinstance(value, dict):
        return {name: _read_members(field, one) for name, one in value.items()}
    return _read_members(field, value)


def _read_members(field: InputField, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    members: Mapping[str, InputField] = field.members
    return {
        key: _read_value(member, get_at(value, member.location.path))
        for key, member in members.items()
        if has_path(value, join_path(*member.location.path))
    }
