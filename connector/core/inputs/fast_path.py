"""What is plainly right is accepted at once, by one compiled validator; all else goes the careful way, which explains.

It accepts a part of what the checks accept, and changes nothing: texts as texts, numbers as numbers, one of the
choices. A value whose check does more - a date, a list, JSON - is given to that check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, ValidationError, core_schema

from connector.core.inputs.coerce import Bad
from connector.core.inputs.field_checks import NULLABLE

if TYPE_CHECKING:
    from connector.core.inputs.field_checks import Check, Choices
    from connector.definition.fields import Input

_TEXTS = ("string", "text", "password")
_PLACES = ("path", "query", "body", "form")
_ANY_TEXT = r"\A[^\x00]*\z"
_SAYS_SOMETHING = r"\A[^\x00]*[0-9A-Za-z][^\x00]*\z"  # neither blank nor . or ..
_DIGITS = r"\A[0-9]+\z"

Accept = Callable[[Mapping[str, Any]], "dict[str, Any] | None"]


def compile_accept(inputs: Mapping[str, Input], checks: Mapping[str, Check], choices: Choices) -> Accept:
    """Return the function that takes what is given by the inputs' own keys: values, or None when in doubt."""
    fields = {}
    for key, spec in inputs.items():
        schema = _native(spec, choices) or core_schema.no_info_plain_validator_function(checks[key])
        if spec.place.part in NULLABLE and not spec.required:
            schema = core_schema.nullable_schema(schema)
        fields[key] = core_schema.typed_dict_field(schema, required=spec.required)
    whole = core_schema.typed_dict_schema(fields, extra_behavior="forbid")
    validate = SchemaValidator(whole).validate_python

    def accept(given: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            values: dict[str, Any] = validate(given, strict=True)
        except (ValidationError, Bad, RecursionError):
            return None
        return values

    return accept


def _native(spec: Input, choices: Choices) -> core_schema.CoreSchema | None:
    """Return what accepts the plain form of a value without Python, or None where only the check itself can tell."""
    usual = spec.place.part in _PLACES and not spec.pattern and not (spec.choices_open or spec.choices_from)
    if not usual or spec.looks not in (None, "digits"):
        return None
    if spec.choices or spec.choices_file:
        return _choice(spec, choices)
    if spec.type in _TEXTS:
        return _text(spec)
    if spec.looks:
        return None
    if spec.type == "integer":
        return core_schema.int_schema(ge=_least(spec), le=_most(spec))
    return core_schema.bool_schema() if spec.type == "boolean" else None


def _choice(spec: Input, choices: Choices) -> core_schema.CoreSchema | None:
    options = {**spec.options, **(choices(spec.choices_file) if spec.choices_file else {})}
    bounded = spec.looks or spec.min is not None or spec.max is not None
    if bounded or spec.type not in (*_TEXTS, "integer") or (spec.required and "" in options):
        return None
    one_of = core_schema.literal_schema(list(options))
    if spec.type != "integer":
        return one_of
    return core_schema.chain_schema([core_schema.int_schema(), one_of])  # true is no 1


def _text(spec: Input) -> core_schema.CoreSchema:
    says = _SAYS_SOMETHING if spec.required or spec.place.part == "path" else _ANY_TEXT
    pattern = _DIGITS if spec.looks else says
    least, most = _least(spec), _most(spec)
    return core_schema.str_schema(min_length=least, max_length=most, pattern=pattern, regex_engine="rust-regex")


def _least(spec: Input) -> int | None:
    return None if spec.min is None else ceil(spec.min)


def _most(spec: Input) -> int | None:
    return None if spec.max is None else floor(spec.max)
