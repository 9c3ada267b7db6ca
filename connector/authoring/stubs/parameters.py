"""The parameters of a typed method: the inputs of its action, each with the type of what it accepts."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.authoring.stubs.result_types import format_typed_dict
from connector.definition.case import to_snake_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.action import Action
    from connector.definition.fields import InputField

_TYPES = {
    "string": "str",
    "text": "str",
    "password": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "datetime": "str | datetime",
    "date": "str | date",
    "file": "bytes | BinaryIO",
    "map of string": "Mapping[str, str]",
    **dict.fromkeys(("object", "map of object"), "Mapping[str, Any]"),
    "pairs": "Mapping[str, Any] | Sequence[Any]",
}
_RESERVED = ("self", "options")  # names that a method has for itself
_NULLABLE_PARTS = ("body", "form")


@dataclass(frozen=True, slots=True)
class KeywordParameter:
    """One keyword of a method: its name, its type, whether it must be given, and its help."""

    name: str
    type_name: str
    required: bool
    help: str

    def __str__(self) -> str:
        return f"{self.name}: {self.type_name}" if self.required else f"{self.name}: {self.type_name} | Unset = UNSET"


def build_parameters(action: Action) -> list[KeywordParameter]:
    """Return the parameters of an action's method: those that are required first."""
    parameters = [
        KeywordParameter(
            to_parameter_name(key), _type_of_field(field, _join(action.action, key)), field.required, field.help
        )
        for key, field in action.inputs.items()
    ]
    return sorted(parameters, key=lambda parameter: not parameter.required)


def write_input_types(action: Action) -> list[str]:
    """Return a TypedDict for each object that an action takes, those within others first."""
    return [
        source
        for key, field in action.inputs.items()
        for source in _write_member_types(field, _join(action.action, key))
    ]


def _write_member_types(field: InputField, name: str) -> Iterator[str]:
    for key, member in field.members.items():
        yield from _write_member_types(member, _join(name, key))
    types = {key: _type_of_field(member, _join(name, key)) for key, member in field.members.items()}
    if types:
        fields = {
            key: type_name if field.members[key].required else f"NotRequired[{type_name}]"
            for key, type_name in types.items()
        }
        yield format_typed_dict(f"{name}Input", fields, field.help)


def _join(name: str, key: str) -> str:
    """Return the name of what stands at a key: CreateEvent and attendees are CreateEventAttendees."""
    return name[0].upper() + name[1:] + key[0].upper() + key[1:]


def to_parameter_name(key: str) -> str:
    """Return an input's key as a parameter: snake_case, with an underscore after a word that Python keeps."""
    name = to_snake_case(key)
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name


def _is_nullable(field: InputField) -> bool:
    return field.location.part in _NULLABLE_PARTS and not field.required


def _type_of_field(field: InputField, name: str) -> str:
    """Return the type of a field; `name` is what its object is called, if it takes one."""
    return _type_of_value(field, name) + (" | None" if _is_nullable(field) else "")


def _type_of_value(field: InputField, name: str) -> str:
    if field.type == "json":
        return _type_of_json(field.example)
    item_type = f"{name}Input" if field.members else _type_of_item(field)
    if field.type == "map of object":
        return f"Mapping[str, {item_type}]"
    if not field.is_list:
        return item_type
    return f"Sequence[{item_type}] | str" if field.join is not None else f"Sequence[{item_type}]"


def _type_of_item(field: InputField) -> str:
    plain_type = _TYPES[field.type.removeprefix("list of ")]
    if not field.choices:
        return plain_type
    choices = f"Literal[{', '.join(map(repr, field.typed_choices))}]"
    return f"{choices} | {plain_type}" if field.allow_other or field.choices_file else choices


def _type_of_json(example: Any) -> str:
    if isinstance(example, dict):
        return "Mapping[str, Any]"
    return "Sequence[Any]" if isinstance(example, list) else "Any"
