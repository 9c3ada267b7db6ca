"""Inputs as JSON Schema: which values fit one of them, and the rules between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.action import UPDATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.action import Action
    from connector.definition.fields import FormField, Input

_MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$"
_PAIR = {
    "anyOf": [
        {"type": "string", "pattern": ":"},
        {"type": "object", "required": ["key", "value"], "properties": {"key": {"type": "string"}, "value": {}}},
    ]
}
_SHAPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "text": {"type": "string", "x-multiline": True},
    "password": {"type": "string", "format": "password", "writeOnly": True},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "pattern": _MOMENT},
    "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d(T.+)?$"},
    "json": {},
    "file": {"type": "string", "format": "binary"},
    "list of string": {"type": "array", "items": {"type": "string"}},
    "list of integer": {"type": "array", "items": {"type": "integer"}},
    "map of string": {"type": "object", "additionalProperties": {"type": "string"}},
    "pairs": {"type": ["array", "object"], "items": _PAIR},
}
_LOOKS = {"email": "email", "url": "uri", "uuid": "uuid"}
_LIMITS = {
    "number": ("minimum", "maximum"), "list": ("minItems", "maxItems"), "map": ("minProperties", "maxProperties"),
    "text": ("minLength", "maxLength"),
}  # fmt: skip


def shape(spec: Input, options: Mapping[Any, str]) -> dict[str, Any]:
    """Return the keywords that say which values fit; `options` are the choices to spell out, by value."""
    made = {**_SHAPES[spec.type]}
    each = {**made["items"]} if "items" in made else made
    if spec.type == "json" and isinstance(spec.example, dict | list):
        made["type"] = "object" if isinstance(spec.example, dict) else "array"
    if spec.pattern:
        each["pattern"] = spec.pattern
    if spec.looks in _LOOKS:
        each["format"] = _LOOKS[spec.looks]
    if options:
        each.update(_chosen(options, each["type"] if spec.choices_open else None))
    if each is not made:
        made["items"] = each
    least, most = _LIMITS[measure(spec)]
    made.update({word: limit for word, limit in ((least, spec.min), (most, spec.max)) if limit is not None})
    if spec.join:
        made["type"] = ["array", "string"]
    return made


def _chosen(options: Mapping[Any, str], open_type: str | None) -> dict[str, Any]:
    each: list[dict[str, Any]] = [{"const": value, "title": title} for value, title in options.items()]
    return {"anyOf": [*each, {"type": open_type}]} if open_type else {"oneOf": each}


def measure(spec: FormField) -> str:
    """Return what the limits of a field count: items of a list, entries of a map, a number, characters of a text."""
    if spec.is_list or spec.type == "map of string":
        return "list" if spec.is_list else "map"
    return "number" if spec.type in ("integer", "number") else "text"


def conditions(action: Action) -> Iterator[dict[str, Any]]:
    """Yield the rules between inputs as JSON Schema: needs, not_with, any_of."""
    told: set[frozenset[str]] = set()
    for key, spec in action.inputs.items():
        for other, wanted in spec.needed.items():
            held = _holds(action, other, wanted)
            if held:
                yield {"if": {"required": [key]}, "then": held}
        for other in spec.excluded:
            if frozenset((key, other)) not in told:
                told.add(frozenset((key, other)))
                yield {"not": {"required": [key, other]}}
    for rule in action.any_of:
        each = {"anyOf": [{"required": [key]} for key in rule.of]}
        when = [_holds(action, key, tuple(values)) for key, values in rule.when.items()]
        yield {"if": {"allOf": when}, "then": each} if when else each


def _holds(action: Action, key: str, wanted: tuple[Any, ...] | None) -> dict[str, Any]:
    """Return the schema of `key` being there with one of these values; a default may be what holds it."""
    spec = action.inputs.get(key)
    defaulted = spec is not None and spec.has_default and action.method not in UPDATES
    made: dict[str, Any] = {"properties": {key: {"enum": list(wanted)}}} if wanted is not None else {}
    by_default = defaulted and spec is not None and (wanted is None or spec.default in wanted)
    return made if by_default else {"required": [key], **made}
