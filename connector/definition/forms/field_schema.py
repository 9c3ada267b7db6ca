"""JSON Schemas of inputs: accepted values of one, and rules between several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.action import UPDATE_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.fields import FormField, InputField
    from connector.definition.inputs.input_group import InputGroup

_DATETIME_PATTERN = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$"
_MOMENT_PATTERN = _DATETIME_PATTERN.replace(")?$", ")$")
TIMEZONE_PATTERN = r"^(UTC|GMT|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$"
_PAIR_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": ":"},
        {"type": "object", "required": ["key", "value"], "properties": {"key": {"type": "string"}, "value": {}}},
    ]
}
_TYPE_SCHEMAS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "text": {"type": "string", "x-multiline": True},
    "password": {"type": "string", "format": "password", "writeOnly": True},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "pattern": _DATETIME_PATTERN},
    "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d(T.+)?$"},
    "json": {},
    "file": {"type": "string", "format": "binary"},
    "list of string": {"type": "array", "items": {"type": "string"}},
    "list of integer": {"type": "array", "items": {"type": "integer"}},
    "list of number": {"type": "array", "items": {"type": "number"}},
    "list of boolean": {"type": "array", "items": {"type": "boolean"}},
    "scalar": {"type": ["string", "number", "boolean"]},
    "map of string": {"type": "object", "additionalProperties": {"type": "string"}},
    "map of integer": {"type": "object", "additionalProperties": {"type": "integer"}},
    "map of number": {"type": "object", "additionalProperties": {"type": "number"}},
    "map of boolean": {"type": "object", "additionalProperties": {"type": "boolean"}},
    "map of scalar": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "map of list of string": {
        "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    },
    "object": {"type": "object"},
    "list of object": {"type": "array", "items": {"type": "object"}},
    "map of object": {"type": "object", "additionalProperties": {"type": "object"}},
    "pairs": {"type": ["array", "object"], "items": _PAIR_SCHEMA},
}
_SCHEMA_FORMATS = {"email": "email", "url": "uri", "uuid": "uuid"}
_LIMIT_KEYWORDS = {
    "number": ("minimum", "maximum"),
    "list": ("minItems", "maxItems"),
    "map": ("minProperties", "maxProperties"),
    "text": ("minLength", "maxLength"),
}


def build_field_schema(
    field: InputField, choices: Mapping[Any, str], one: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the schema of accepted values; `choices` (value -> label) are the ones to list in it.

    `one` is the schema of one object, where members are declared.
    """
    if one is not None:
        return _build_object_type_schema(field, one)
    schema = {**_TYPE_SCHEMAS[field.type]}
    item_schema = {**schema["items"]} if "items" in schema else schema
    if field.type == "json" and isinstance(field.example, dict | list):
        schema["type"] = "object" if isinstance(field.example, dict) else "array"
    if field.pattern:
        item_schema["pattern"] = field.pattern
    if field.format in _SCHEMA_FORMATS:
        item_schema["format"] = _SCHEMA_FORMATS[field.format]
    if field.format == "timezone":
        item_schema["pattern"] = TIMEZONE_PATTERN
    if choices:
        item_schema.update(_build_choices_schema(choices, item_schema["type"] if field.allow_other else None))
    if item_schema is not schema:
        schema["items"] = item_schema
    schema.update(_build_limits(field))
    if field.wire in ("seconds", "milliseconds"):  # a local time is no moment
        schema["pattern"] = _MOMENT_PATTERN
    if field.join:
        schema["type"] = ["array", "string"]
    if field.deprecated:
        schema["deprecated"] = True
    return schema


def _build_object_type_schema(field: InputField, one: Mapping[str, Any]) -> dict[str, Any]:
    deprecation = {"deprecated": True} if field.deprecated else {}
    if field.type == "object":
        return {**one, **deprecation}
    holder = {"type": "array", "items": one} if field.is_list else {"type": "object", "additionalProperties": one}
    return {**holder, **_build_limits(field), **deprecation}


def _build_limits(field: FormField) -> dict[str, Any]:
    keywords = _LIMIT_KEYWORDS[classify_limits(field)]
    limits = zip(keywords, (field.min, field.max), strict=True)
    return {keyword: limit for keyword, limit in limits if limit is not None}


def _build_choices_schema(choices: Mapping[Any, str], open_type: str | None) -> dict[str, Any]:
    variants: list[dict[str, Any]] = [{"const": value, "title": title} for value, title in choices.items()]
    return {"anyOf": [*variants, {"type": open_type}]} if open_type else {"oneOf": variants}


def classify_limits(field: FormField) -> str:
    """Return what `min` and `max` of a field limit: a "number", or the length of a "list", "map" or "text"."""
    if field.is_list or field.is_map:
        return "list" if field.is_list else "map"
    return "number" if field.type in ("integer", "number") else "text"


def build_conditional_schemas(action: InputGroup) -> Iterator[dict[str, Any]]:
    """Yield the rules between inputs as JSON Schemas: `requires`, `conflicts_with` and `any_of`."""
    seen_pairs: set[frozenset[str]] = set()
    for key, field in action.inputs.items():
        for other, accepted in field.required_inputs.items():
            consequence = _build_value_condition(action, other, accepted)
            if consequence:
                yield {"if": _build_given_condition(action, key), "then": consequence}
        for other in field.conflicting_inputs:
            if frozenset((key, other)) not in seen_pairs:
                seen_pairs.add(frozenset((key, other)))
                yield {"not": {"allOf": [_build_given_condition(action, key), _build_given_condition(action, other)]}}
    for rule in action.any_of:
        requirement = {"anyOf": [{"required": [key]} for key in rule.of]}
        premises = [_build_value_condition(action, key, tuple(values)) for key, values in rule.when.items()]
        yield {"if": {"allOf": premises}, "then": requirement} if premises else requirement


def _build_given_condition(action: InputGroup, key: str) -> dict[str, Any]:
    """Return the condition that `key` is given; its default, which a form sends back, is as none."""
    field = action.inputs.get(key)
    if field is None or not field.has_default or action.method in UPDATE_METHODS:
        return {"required": [key]}
    return {"required": [key], "properties": {key: {"not": {"const": field.default}}}}


def _build_value_condition(action: InputGroup, key: str, values: tuple[Any, ...] | None) -> dict[str, Any]:
    """Return the condition that `key` has one of these values; a default may fulfil it."""
    field = action.inputs.get(key)
    has_applied_default = field is not None and field.has_default and action.method not in UPDATE_METHODS
    schema: dict[str, Any] = {"properties": {key: {"enum": list(values)}}} if values is not None else {}
    holds_by_default = has_applied_default and field is not None and (values is None or field.default in values)
    return schema if holds_by_default else {"required": [key], **schema}
