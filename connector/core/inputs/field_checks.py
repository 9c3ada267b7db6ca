"""Compile the check of one input, once per action."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic_core import SchemaValidator, ValidationError, core_schema

from connector.core import url_policy
from connector.core.inputs.coerce import CONVERTERS, to_raw_body
from connector.core.inputs.formats import FORMATS
from connector.core.inputs.iso_times import to_iso_datetime
from connector.core.inputs.sizes import check_each, compile_limit_check, compile_list_check, compile_map_check
from connector.core.inputs.time_forms import to_time_form
from connector.core.invalid_value import InvalidValue
from connector.definition.suggest import closest

if TYPE_CHECKING:
    from connector.definition.fields import FormField, Input, Member

ValueCheck = Callable[[Any], Any]
ChoicesLoader = Callable[[str], Mapping[str, str]]

_BINARY_PAIR_PATHS = (("file",), ("form",))  # raw request locations whose pairs may contain bytes
NULLABLE_PARTS = ("body", "form")  # request parts that can carry null


def compile_input_check(
    field: Input | Member, load_choices: ChoicesLoader, within: str, check_object: ValueCheck | None = None
) -> ValueCheck:
    """Return the function that checks and converts a value of an input; it raises InvalidValue.

    `within` is the part of the request where it is sent, for a member that of the object. `check_object` checks the
    objects of one whose members are declared.
    """
    part, path = field.location.part, field.location.path
    is_whole_body = (part, path) == ("raw", ("body",))
    check = to_raw_body if is_whole_body else check_object or compile_field_check(field, load_choices)
    restrictions: list[ValueCheck] = [_reject_blank] if field.required or part == "path" else []
    if part == "path":
        restrictions.append(_reject_dot_segments)
    if field.type == "json":
        restrictions += _compile_json_shape_check(field)
    if field.type == "pairs" and path not in _BINARY_PAIR_PATHS:
        restrictions.append(_require_texts)
    if part == "header":
        restrictions.append(_check_header_value)
    if field.wire is not None and field.type == "datetime":
        restrictions.append(partial(to_time_form, field.wire))
    return _handle_null(_compose([check, *restrictions]), is_nullable=within in NULLABLE_PARTS and not field.required)


def compile_field_check(field: FormField, load_choices: ChoicesLoader) -> ValueCheck:
    """Return the function that checks a value by type, choices, format, pattern and limits; it raises InvalidValue."""
    sends_fraction = getattr(field, "wire", None) is not None and field.type == "datetime"
    convert = (
        partial(to_iso_datetime, keeps_fraction=True)
        if sends_fraction
        else CONVERTERS[field.item_type if field.is_map else field.type]
    )
    steps: list[ValueCheck] = [convert]
    labels = _load_labels(field, load_choices)
    if labels:
        steps = [_compile_choice_check(field, steps[0], labels)]
    if field.format:
        steps.append(_compile_format_check(field.format, labels))
    if field.pattern:
        steps.append(_compile_pattern_check(field.pattern))
    if field.is_map:
        is_of_lists = field.type == "map of list of string"
        return compile_map_check(field, check_each(steps[0], None) if is_of_lists else steps[0])
    if (field.min is not None or field.max is not None) and not field.is_list:
        steps.append(compile_limit_check(field))
    if field.is_list:
        return compile_list_check(field, _compose(steps))
    return _compose(steps)


def _compose(steps: list[ValueCheck]) -> ValueCheck:
    if len(steps) == 1:
        return steps[0]
    first, *rest = steps

    def check(value: Any) -> Any:
        value = first(value)
        for step in rest:
            value = step(value)
        return value

    return check


def _handle_null(check: ValueCheck, *, is_nullable: bool) -> ValueCheck:
    def check_or_null(value: Any) -> Any:
        if value is not None:
            return check(value)
        if is_nullable:
            return None
        raise InvalidValue("a value", "leave it out to send nothing; only a body can carry null")

    return check_or_null


def _reject_blank(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise InvalidValue("a value that is not blank")
    return value


def _reject_dot_segments(value: Any) -> Any:
    if value in (".", ".."):
        raise InvalidValue("a name", "a path cannot hold . or ..")
    return value


def _require_texts(value: Any) -> Any:
    for position, (_, item) in enumerate(value, 1):
        if not isinstance(item, str):
            raise InvalidValue("pairs of texts", f"check item {position}: bytes and files are for form and file data")
    return value


def _check_header_value(value: Any) -> Any:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and not url_policy.HEADER_VALUE_PATTERN.match(item):
            raise InvalidValue("printable ASCII on one line", "a header cannot hold anything else")
    return value


def _compile_json_shape_check(field: Input | Member) -> list[ValueCheck]:
    """Compile the check that data is a list or a mapping like the example, if it is one; a spread takes a mapping."""
    expected_type = dict if field.location.spread else type(field.example)
    if expected_type not in (dict, list):
        return []
    example = json.dumps(field.example, ensure_ascii=False)

    def check(value: Any) -> Any:
        if not isinstance(value, expected_type):
            raise InvalidValue("a JSON object" if expected_type is dict else "a JSON list", f"such as {example}")
        return value

    return [check]


def _compile_pattern_check(pattern: str) -> ValueCheck:
    matcher = compile_linear_regex(pattern)

    def check(value: Any) -> Any:
        try:
            return matcher.validate_python(value)
        except ValidationError:
            raise InvalidValue(f"a text that matches {pattern}") from None

    return check


def compile_linear_regex(pattern: str) -> SchemaValidator:
    """Compile a regular expression for an engine with linear run time.

    Raises pydantic_core.SchemaError for unsupported syntax (look-around, back-references).
    """
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _load_labels(field: FormField, load_choices: ChoicesLoader) -> Mapping[Any, str]:
    """Return the choices of an input, of its file too: value -> label; empty where any value is accepted."""
    labels: Mapping[Any, str] = dict(field.typed_choices)
    return {**labels, **load_choices(field.choices_file)} if field.choices_file else labels


def _compile_format_check(format_name: str, labels: Mapping[Any, str]) -> ValueCheck:
    """Compile the check of a format; a choice that the service names itself needs none."""
    check = FORMATS[format_name]
    return (lambda value: value if value in labels else check(value)) if labels else check


def _compile_choice_check(field: FormField, coerce: ValueCheck, labels: Mapping[Any, str]) -> ValueCheck:
    """Compile a check that converts a value and accepts only the choices; a label is corrected to its value."""

    def check(given: Any) -> Any:
        try:
            value = coerce(given)
        except InvalidValue as invalid:
            raise InvalidValue(_describe_options(labels), _suggest_nearest(given, labels) or invalid.fix) from None
        if value in labels or field.allow_other:
            return value
        raise InvalidValue(
            _describe_options(labels), _suggest_nearest(value, labels) or _suggest_example(field, labels)
        )

    return check


_MAX_LISTED_CHOICES = 25


def _describe_options(labels: Mapping[Any, str]) -> str:
    if len(labels) > _MAX_LISTED_CHOICES:
        return f"one of {len(labels)} choices"
    return "one of " + ", ".join(f"{_format_value(value)} ({label})" for value, label in labels.items())


def _suggest_example(field: FormField, labels: Mapping[Any, str]) -> str:
    """Return the example when there are too many choices to list."""
    return f"such as {field.example}" if len(labels) > _MAX_LISTED_CHOICES and isinstance(field.example, str) else ""


def _format_value(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value) or '""'


_SHORTEST_PREFIX = 3  # Mon is Monday
_SHORTEST_WORD = 4  # a shorter code that differs in one letter is another code: UK is not UA


def _suggest_nearest(value: Any, labels: Mapping[Any, str]) -> str:
    """Suggest the choice that is meant: equal but for case and separators, the only one that begins so, or a near word.

    Codes and numbers are never near each other: en-GB is another language than en-US, and 80 is not 8.
    """
    text = _fold(value)
    spellings = {_fold(label): key for key, label in labels.items()} | {_fold(key): key for key in labels}
    words = {spelling: key for spelling, key in spellings.items() if _is_word(spelling)}
    begun = {key for spelling, key in words.items() if len(text) >= _SHORTEST_PREFIX and spelling.startswith(text)}
    if text in spellings:
        return f"did you mean {_format_value(spellings[text])}?"
    if len(begun) == 1:
        return f"did you mean {_format_value(begun.pop())}?"
    match = closest(text, words) if _is_word(text) else None
    return f"did you mean {_format_value(spellings[match])}?" if match else ""


def _fold(value: Any) -> str:
    return str(value).strip().lower().replace("_", "-")


def _is_word(text: str) -> bool:
    longest_run = max(map(len, re.split(r"[\W\d_]+", text)), default=0)
    return longest_run >= _SHORTEST_WORD
