"""Sentences about an input: its choices, limits, relations and earlier names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from connector.definition.forms.field_schema import classify_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.action import Action, RequireOneOf
    from connector.definition.fields import FormField, InputField
    from connector.definition.inputs.input_group import InputGroup
    from connector.definition.manifest import Manifest

MAX_LISTED_CHOICES = 25
_MAX_TOOL_CHOICES_LENGTH = 1_500  # characters of the choices in a tool's description
_SAMPLE_CHOICES = 3  # of a longer list
_EMPTY_TEXT = '""'


class ChoiceFiles(Protocol):
    """What a description needs of a connector: its manifest and its files of choices."""

    manifest: Manifest

    def choices(self, name: str) -> dict[str, str]:
        """Return a file of choices."""
        ...


def collect_choices(connector: ChoiceFiles, field: FormField) -> dict[Any, str]:
    """Return the choices of a field, those of its file included: value -> label."""
    return {**field.typed_choices, **(connector.choices(field.choices_file) if field.choices_file else {})}


def describe_field(connector: ChoiceFiles, field: FormField) -> list[str]:
    """Return sentences about a field: its help, choices, limits and how a suggestion works."""
    file_note = f", listed in schemas/choices/{field.choices_file}.json" if field.choices_file else ""
    choices = collect_choices(connector, field)
    return [field.help, *describe_choices(field, choices, file_note), *_describe_rules(field)]


def describe_tool_choices(field: FormField, choices: Mapping[Any, str]) -> Iterator[str]:
    """Yield the sentence about the choices; of many, a few from the whole length of the list."""
    sentences = list(describe_choices(field, choices))
    if choices and (len(choices) > MAX_LISTED_CHOICES or len(sentences[0]) > _MAX_TOOL_CHOICES_LENGTH):
        step = max(1, len(choices) // _SAMPLE_CHOICES)
        samples = dict(list(choices.items())[step // 2 :: step][:_SAMPLE_CHOICES])
        start = "Such as one" if field.allow_other else "One"
        sentences = [f"{start} of {len(choices)} choices, for example {_format_choices(samples)}."]
    yield from sentences


def describe_deprecation(item: Action | InputField) -> list[str]:
    """Return the sentence that an action or input should not be used, if so."""
    return [item.deprecated.describe()] if item.deprecated else []


def describe_choices(field: FormField, choices: Mapping[Any, str], long_list_note: str = "") -> Iterator[str]:
    """Yield the sentence about the choices; `long_list_note` says more of a list that is too long to be repeated."""
    if 0 < len(choices) <= MAX_LISTED_CHOICES:
        yield f"{'Such as' if field.allow_other else 'One of'} {_format_choices(choices)}."
    elif choices:
        yield f"{'Such as one' if field.allow_other else 'One'} of {len(choices)} choices{long_list_note}."


def _format_choices(choices: Mapping[Any, str]) -> str:
    return ", ".join(f"{format_value(value) or _EMPTY_TEXT} ({title})" for value, title in choices.items())


def _describe_rules(field: FormField) -> Iterator[str]:
    if field.min is not None or field.max is not None:
        yield _describe_limits(field)
    if field.suggest is not None:
        yield "Suggested; sent only when given."
    if field.hidden:
        yield "Hidden unless asked for."


def _describe_limits(field: FormField) -> str:
    unit = {"list": " items", "map": " entries", "text": " characters"}.get(classify_limits(field), "")
    if field.min is None:
        return f"At most {field.max}{unit}."
    return f"At least {field.min}{unit}." if field.max is None else f"From {field.min} to {field.max}{unit}."


def describe_relations(action: InputGroup, key: str, field: InputField) -> Iterator[str]:
    """Yield sentences about the inputs that it needs or excludes."""
    for other, values in field.required_inputs.items():
        alternatives = " or ".join(map(format_value, values or ()))
        yield f"Only when {other} is {alternatives}." if values else f"Only together with {other}."
    if field.conflicting_inputs:
        yield f"Not together with {' or '.join(field.conflicting_inputs)}."
    yield from (_describe_require_one_of(rule) for rule in action.any_of if key in rule.of)


def describe_aliases(field: InputField) -> Iterator[str]:
    """Yield sentences about other names of an input, and that it should not be used."""
    if field.aliases:
        yield f"Also taken as {', '.join(field.aliases)}."
    if field.was:
        yield f"It was {', '.join(field.was)} earlier."
    yield from describe_deprecation(field)


def _describe_require_one_of(rule: RequireOneOf) -> str:
    condition = " and ".join(f"{key} is {' or '.join(map(format_value, values))}" for key, values in rule.when.items())
    requirement = f"{rule.of[0]} is needed" if len(rule.of) == 1 else f"At least one of {', '.join(rule.of)} is needed"
    return f"{requirement}{f' when {condition}' if condition else ''}."


def format_value(value: Any) -> str:
    """Return a value as a page shows it: a text as it is, other values as JSON, nothing for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
