"""Limits of values: sizes, ranges and patterns of schemas, where they say something that can be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from pydantic_core import SchemaError

from connector.authoring.importing.building.texts import has_template
from connector.core.inputs.field_checks import compile_linear_regex

if TYPE_CHECKING:
    from connector.authoring.importing.building.words import Remarks, Words

_TRIVIAL_LIMITS = (0x7FFFFFFF, -0x80000000, 0xFFFFFFFF)
_EXACT = 1 << 53  # beyond it, numbers that JavaScript wrote are rounded


def build_limits(schema: Words, kind: str, place: str, remarks: Remarks) -> Words:
    """Return the limits of a text or a number; a pattern that cannot be checked is remarked."""
    if kind in ("string", "password"):
        pattern = schema.get("pattern")
        built = pick_sizes(schema, "minLength", "maxLength")
        if isinstance(pattern, str) and pattern and not has_template(pattern):
            built |= _build_pattern(pattern, place, remarks)
        return built
    low, high = schema.get("minimum"), schema.get("maximum")
    step = 1 if kind == "integer" else 0
    if step and schema.get("exclusiveMinimum") is True and _is_number(low):
        low = low + step
    if step and schema.get("exclusiveMaximum") is True and _is_number(high):
        high = high - step
    limits = {"min": low, "max": high}
    return {
        word: int(value) if float(value).is_integer() else value
        for word, value in limits.items()
        if _is_number(value) and value not in _TRIVIAL_LIMITS and abs(value) < _EXACT
    }


def _build_pattern(pattern: str, place: str, remarks: Remarks) -> Words:
    try:
        compile_linear_regex(pattern)
    except SchemaError:
        remarks.ask(place, "Its pattern cannot be checked in linear time. Is another check worth it?", pattern)
        return {}
    return {"pattern": pattern}


def pick_sizes(schema: Words, low: str, high: str) -> Words:
    """Return the least and largest size, as words of a schema have them."""
    sizes = {"min": schema.get(low), "max": schema.get(high)}
    return {word: int(size) for word, size in sizes.items() if _is_number(size) and 0 < size < _TRIVIAL_LIMITS[0]}


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
