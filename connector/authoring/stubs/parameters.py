"""The parameters of a typed method: the inputs of its action, each with the type of what it accepts."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any

from connector.authoring.stubs.result_types import format_typed_dict
from connector.definition.case import to_snake_case
from connector.definition.forms.sentences import describe_deprecation
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection

    from connector.definition.action import Action
    from connector.definition.fields import InputField, Variant

_TYPES = {
    "string": "str",
    "text": "str",
    "password": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "scalar": "str | float | bool",
    "datetime": "str | datetime",
    "date": "str | date",
    "file": "bytes | BinaryIO | tuple[str, bytes | BinaryIO]",
    "object": "Mapping[str, Any]",
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


class InputTypes:
    """The TypedDicts of what actions take: one for each object and variant, and one for each named type.

    `taken` are names that other classes of the module have.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = set(taken)
        self._names: dict[tuple[int, bool], str] = {}  # by what declares the members, and whether null is
        self._sources: dict[str, str] = {}
        self._parameters: dict[str, list[KeywordParameter]] = {}

    @property
    def sources(self) -> list[str]:
        """The classes, those within others first."""
        return list(self._sources.values())

    def build_parameters(self, action: Action) -> list[KeywordParameter]:
        """Return the parameters of an action's method: those that are required first."""
        if action.action not in self._parameters:
            parameters = [
                KeywordParameter(
                    to_parameter_name(key),
                    self._type_of_field(
                        field, _join(action.action, key), nullable=field.location.part in _NULLABLE_PARTS
                    ),
                    field.required,
                    " ".join([field.help, *describe_deprecation(field)]),
                )
                for key, field in action.inputs.items()
            ]
            self._parameters[action.action] = sorted(parameters, key=lambda parameter: not parameter.required)
        return self._parameters[action.action]

    def _type_of_field(self, field: InputField, name: str, *, nullable: bool) -> str:
        """Return the type of a field; `name` is what its object is called, if it takes one."""
        null = " | None" if nullable and not field.required else ""
        return self._type_of_value(field, name, nullable=nullable) + null

    def _type_of_value(self, field: InputField, name: str, *, nullable: bool) -> str:
        if field.type == "json":
            return _type_of_json(field.example)
        item_type = self._type_of_object(field, name, nullable=nullable) if field.members else _type_of_item(field)
        if field.is_map:
            entry_type = f"Sequence[{item_type}]" if field.type == "map of list of string" else item_type
            return f"Mapping[str, {entry_type}]"
        if not field.is_list:
            return item_type
        return f"Sequence[{item_type}] | str" if field.join is not None else f"Sequence[{item_type}]"

    def _type_of_object(self, field: InputField, name: str, *, nullable: bool) -> str:
        if field.declared_variants:
            stem = name if field.variants else _capitalize(field.type_name or name)
            names = (
                self._write_class(field, (f"{stem}{_capitalize(key)}", variant), nullable=nullable)
                for key, variant in field.declared_variants.items()
            )
            return " | ".join(names)
        return self._write_class(field, (_capitalize(field.type_name or name), None), nullable=nullable)

    def _write_class(self, field: InputField, form: tuple[str, Variant | None], *, nullable: bool) -> str:
        """Write the class of an object in one of its forms, unless it is there or being written; return its name."""
        stem, variant = form
        declares = variant or (field if field.type_name is None else field.declared)
        identity = (id(declares), nullable)
        name = self._names.get(identity)
        if name is not None:
            return name
        name = self._names[identity] = self._reserve(f"{stem}Input")
        members = field.declared if variant is None else {**field.declared, **variant.declared}
        tags = (variant.when or {}) if variant is not None else {}
        types = {
            key: self._type_of_field(member, _join(stem, key), nullable=nullable)
            for key, member in members.items()
            if key not in tags
        }
        types = {key: types.get(key) or _as_literal(tags[key]) for key in members}
        is_needed = {
            key: member.required or (key in tags and not member.has_default) for key, member in members.items()
        }
        fields = {key: text if is_needed[key] else f"NotRequired[{text}]" for key, text in types.items()}
        self._sources[name] = format_typed_dict(name, fields, field.help if variant is None else f"{variant.label}.")
        return name

    def _reserve(self, wanted: str) -> str:
        """Return a name that no other class has."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}{number}"
        self._taken.add(name)
        return name


def _join(name: str, key: str) -> str:
    """Return the name of what stands at a key: CreateEvent and attendees are CreateEventAttendees."""
    return _capitalize(name) + _capitalize(key)


def _capitalize(key: str) -> str:
    return key[0].upper() + key[1:]


def to_parameter_name(key: str) -> str:
    """Return an input's key as a parameter: snake_case, with an underscore after a word that Python keeps."""
    name = to_snake_case(key)
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name


def _type_of_item(field: InputField) -> str:
    plain_type = _TYPES[field.item_type]
    if not field.choices:
        return plain_type
    choices = f"Literal[{', '.join(map(repr, field.typed_choices))}]"
    return f"{choices} | {plain_type}" if field.allow_other or field.choices_file else choices


def _as_literal(values: list[Any]) -> str:
    return f"Literal[{', '.join(map(repr, values))}]"


def _type_of_json(example: Any) -> str:
    if isinstance(example, dict):
        return "Mapping[str, Any]"
    return "Sequence[Any]" if isinstance(example, list) else "Any"
