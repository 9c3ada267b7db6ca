"""Fast path: accept valid inputs with one compiled validator; `validate` produces the error messages.

It accepts a subset of the values that the checks accept, and changes none: text as text, numbers as numbers, one of
the choices, a list of these. A value whose check does more (a date, JSON) goes to that check. A property test holds
both paths equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, ValidationError, core_schema

from connector.core.inputs.field_checks import NULLABLE_PARTS
from connector.core.inputs.objects import RejectedMembers
from connector.core.inputs.sizes import join_items
from connector.core.invalid_value import InvalidValue

if TYPE_CHECKING:
    from connector.core.inputs.field_checks import ChoicesLoader, ValueCheck
    from connector.definition.fields import InputField

_TEXT_TYPES = ("string", "text", "password")
_SIMPLE_PARTS = ("path", "query", "body", "form")
_ANY_TEXT_PATTERN = r"\A[^\x00]*\z"
_NON_BLANK_PATTERN = r"\A[^\x00]*[0-9A-Za-z][^\x00]*\z"  # excludes blank, . and ..
_DIGITS_PATTERN = r"\A[0-9]+\z"

FastPath = Callable[[Mapping[str, Any]], "dict[str, Any] | None"]


def compile_fast_path(
    inputs: Mapping[str, InputField],
    checks: Mapping[str, ValueCheck],
    load_choices: ChoicesLoader,
    parts: Mapping[str, str],
) -> FastPath:
    """Return a function from given inputs to values, or to None when the full check must decide.

    `parts` are those of the request where the inputs stand, those of an object where that stands.
    """
    fields = {}
    for key, field in inputs.items():
        schema = _field_schema(field, checks[key], load_choices)
        if parts[key] in NULLABLE_PARTS and not field.required:
            schema = core_schema.nullable_schema(schema)
        fields[key] = core_schema.typed_dict_field(schema, required=field.required)
    validate = SchemaValidator(core_schema.typed_dict_schema(fields)).validate_python
    known_keys = frozenset(fields)

    def validate_fast(given: Mapping[str, Any]) -> dict[str, Any] | None:
        if not known_keys.issuperset(given):  # a third of the time of the schema's own look for others
            return None
        try:
            values: dict[str, Any] = validate(given, strict=True)
        except (ValidationError, InvalidValue, RejectedMembers, RecursionError):
            return None
        return values

    return validate_fast


def _field_schema(field: InputField, check: ValueCheck, load_choices: ChoicesLoader) -> core_schema.CoreSchema:
    """Return the schema of a field: native, the check, or both where a valid value often has another form."""
    native, checked = _native_schema(field, load_choices), core_schema.no_info_plain_validator_function(check)
    join = getattr(field, "join", None)
    if native is None or (join is not None and _must_have_text(field)):  # joined, no items are a blank text
        return checked
    if join is not None:  # what is one text already is checked
        native = core_schema.no_info_after_validator_function(partial(join_items, join), native)
    elif not field.allow_other:
        return native
    return core_schema.union_schema([native, checked], mode="left_to_right")


def _native_schema(field: InputField, load_choices: ChoicesLoader) -> core_schema.CoreSchema | None:
    """Return a native schema for the plain form of a value, or None where only the check can decide."""
    has_choices = bool(field.choices or field.choices_file)
    is_open = not has_choices and (field.allow_other or field.format not in (None, "digits"))
    if field.location.part not in _SIMPLE_PARTS or field.choices_from or is_open:
        return None
    if not field.is_list:
        return _item_schema(field, field.type, load_choices)
    items = _item_schema(field, field.item_type, load_choices)
    if items is None:
        return None
    return core_schema.list_schema(items, min_length=_min_value(field), max_length=_max_value(field))


def _item_schema(field: InputField, kind: str, load_choices: ChoicesLoader) -> core_schema.CoreSchema | None:
    """Return the schema of a value, or of an item of a list, whose limits are those of the list."""
    if field.choices or field.choices_file:
        return None if field.pattern else _choice_schema(field, kind, load_choices)
    if kind in _TEXT_TYPES:
        return _text_schema(field)
    if field.format or field.pattern:
        return None
    if kind == "integer":
        minimum, maximum = (None, None) if field.is_list else (_min_value(field), _max_value(field))
        return core_schema.int_schema(ge=minimum, le=maximum)
    return core_schema.bool_schema() if kind == "boolean" else None


def _choice_schema(field: InputField, kind: str, load_choices: ChoicesLoader) -> core_schema.CoreSchema | None:
    options = {**field.typed_choices, **(load_choices(field.choices_file) if field.choices_file else {})}
    is_bounded = not field.is_list and (field.min is not None or field.max is not None)
    if not options or is_bounded or kind not in (*_TEXT_TYPES, "integer") or (field.required and "" in options):
        return None
    literal = core_schema.literal_schema(list(options))
    if kind != "integer":
        return literal
    return core_schema.chain_schema([core_schema.int_schema(), literal])  # rejects true for 1


def _text_schema(field: InputField) -> core_schema.CoreSchema:
    content_pattern = _NON_BLANK_PATTERN if _must_have_text(field) else _ANY_TEXT_PATTERN
    patterns = [_DIGITS_PATTERN if field.format else content_pattern, *([field.pattern] if field.pattern else ())]
    minimum, maximum = (None, None) if field.is_list else (_min_value(field), _max_value(field))
    texts: list[core_schema.CoreSchema] = [
        core_schema.str_schema(min_length=minimum, max_length=maximum, pattern=pattern, regex_engine="rust-regex")
        for pattern in patterns
    ]
    return texts[0] if len(texts) == 1 else core_schema.chain_schema(texts)


def _must_have_text(field: InputField) -> bool:
    return field.required or field.location.part == "path"


def _min_value(field: InputField) -> int | None:
    return None if field.min is None else ceil(field.min)


def _max_value(field: InputField) -> int | None:
    return None if field.max is None else floor(field.max)
