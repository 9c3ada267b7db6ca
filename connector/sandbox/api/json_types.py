"""The JSON types of inputs: what a value in a request's body must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.inputs.formats import FORMATS
from connector.core.invalid_value import InvalidValue
from connector.sandbox.api.objects import MISSING

if TYPE_CHECKING:
    from connector.definition.fields import InputField

TEXT_TYPES = ("string", "text", "password")
_JSON_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys((*TEXT_TYPES, "datetime", "date"), ((str,), "a JSON string")),
    "integer": ((int,), "a JSON number without a fraction"),
    "number": ((int, float), "a JSON number"),
    "boolean": ((bool,), "true or false"),
    "list of string": ((str,), "a JSON list of strings"),
    "list of integer": ((int,), "a JSON list of whole numbers"),
    "list of number": ((int, float), "a JSON list of numbers"),
    "list of boolean": ((bool,), "a JSON list of true and false"),
    "scalar": ((str, int, float, bool), "a JSON string, number, true or false"),
    "pairs": ((dict, list), "a JSON object or list"),
}


def find_expected_type(input_field: InputField, value: Any, *, is_text: bool) -> str | None:
    """Return the expected type when a value has another one, else None."""
    if value is None:
        return None
    if not is_text and input_field.join:
        return None if isinstance(value, str) else "a JSON string"
    if not is_text and input_field.is_map:
        return _expected_map(input_field, value)
    if not is_text:
        types, expected = _JSON_TYPES.get(input_field.type, ((object,), ""))
        items = value if input_field.is_list and isinstance(value, list) else [value]
        if (input_field.is_list and not isinstance(value, list)) or not all(has_type(item, types) for item in items):
            return expected
        if input_field.type == "json" and isinstance(value, str) and isinstance(input_field.example, dict | list):
            return "a JSON object" if isinstance(input_field.example, dict) else "a JSON list"
    if input_field.format and isinstance(value, str) and not input_field.is_list:
        return _normalized_form(input_field.format, value)
    return None


def _expected_map(input_field: InputField, value: Any) -> str | None:
    """Return the expected type of a mapping when it, or an entry, has another one, else None."""
    type_name = input_field.type.removeprefix("map of ")
    types, expected = _JSON_TYPES[type_name]
    entries = list(value.values()) if isinstance(value, dict) else [MISSING]
    is_of_lists = type_name.startswith("list of ")
    items = [item for entry in entries for item in (entry if is_of_lists and isinstance(entry, list) else [entry])]
    has_lists = not is_of_lists or all(isinstance(entry, list) for entry in entries)
    return None if has_lists and all(has_type(item, types) for item in items) else f"a JSON object, each {expected}"


def has_type(value: Any, types: tuple[type, ...]) -> bool:
    """Whether a value is of one of these types; true and false are no numbers."""
    return isinstance(value, types) and not (isinstance(value, bool) and bool not in types and object not in types)


def _normalized_form(format_name: str, value: str) -> str | None:
    """Return the normalized form of a value, or None for a normalized or invalid one."""
    try:
        normalized = FORMATS[format_name](value)
    except InvalidValue:
        return None  # reported by the input check
    return normalized if normalized != value else None
