"""The parameters of a typed method: the inputs of its action, each with the type of what it accepts."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.definition.case import to_snake_case

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.fields import Input

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
            to_parameter_name(key),
            _type_of_input(field) + (" | None" if _is_nullable(field) else ""),
            field.required,
            field.help,
        )
        for key, field in action.inputs.items()
    ]
    return sorted(parameters, key=lambda parameter: not parameter.required)


def to_parameter_name(key: str) -> str:
    """Return an input's key as a parameter: snake_case, with an underscore after a word that Python keeps."""
    name = to_snake_case(key)
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name


def _is_nullable(field: Input) -> bool:
    return field.location.part in _NULLABLE_PARTS and not field.required


def _type_of_input(field: Input) -> str:
    if field.type == "json":
        return _type_of_json(field.example)
    item_type = _type_of_item(field)
    if not field.is_list:
        return item_type
    return f"Sequence[{item_type}] | str" if field.join is not None else f"Sequence[{item_type}]"


def _type_of_item(field: Input) -> str:
    plain_type = _TYPES[field.type.removeprefix("list of ")]
    if not field.choices:
        return plain_type
    choices = f"Literal[{', '.join(map(repr, field.typed_choices))}]"
    return f"{choices} | {plain_type}" if field.allow_other or field.choices_file else choices


def _type_of_json(example: Any) -> str:
    if isinstance(example, dict):
        return "Mapping[str, Any]"
    return "Sequence[Any]" if isinstance(example, list) else "Any"
