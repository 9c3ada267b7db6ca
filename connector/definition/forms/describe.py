"""Descriptions of an action: JSON Schema of its form, tool for language models, table rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from connector.definition.case import to_snake_case
from connector.definition.forms import field_schema
from connector.definition.forms.field_schema import classify_limits
from connector.definition.forms.object_schema import ObjectSchemas
from connector.definition.inputs.input_group import MemberGroup, describe_variants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.action import Action, RequireOneOf
    from connector.definition.fields import FormField, InputField
    from connector.definition.inputs.input_group import InputGroup
    from connector.definition.manifest import Manifest

CONNECTION_INPUT = ("connection", "Connection", "The connection to run it with, by name.")
DEBUG_INPUT = ("debugRequest", "Debug Request", "Log the request, the reply and every attempt, without secrets.")

_MAX_LISTED_CHOICES = 25
_MAX_TOOL_CHOICES_LENGTH = 1_500  # characters of the choices in a tool's description
_SAMPLE_CHOICES = 3  # of a longer list
_PATTERN_TYPES = ("datetime", "date")  # an example tells a model more than the pattern of all forms
_EMPTY_TEXT = '""'


class ChoiceFiles(Protocol):
    """What a description needs of a connector: its manifest and its files of choices."""

    manifest: Manifest

    def choices(self, name: str) -> dict[str, str]:
        """Return a file of choices."""
        ...


@dataclass(frozen=True, slots=True)
class DocRow:
    """One row of an input table, cells as texts; `default` may be a suggestion, which `notes` says."""

    key: str
    label: str
    type: str
    required: bool
    default: str
    notes: str
    example: str


def build_form_schema(connector: ChoiceFiles, action: Action) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an action's inputs.

    `x-suggest` is a value that a form shows, and sends only when it is chosen. Raises DefinitionError when a file of
    choices is missing.
    """
    schemas = ObjectSchemas(partial(_build_properties, connector), has_conditions=True)
    schema = schemas.build_group(action)
    properties = schema["properties"]
    key, label, help_text = CONNECTION_INPUT
    properties[key] = {
        "title": label,
        "description": help_text,
        "type": "string",
        "x-kinds": _list_connection_types(connector, action),
    }
    key, label, help_text = DEBUG_INPUT
    properties[key] = {"title": label, "description": help_text, "type": "boolean", "default": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": action.label,
        "description": action.summary,
        **schemas.close(schema),
    }


def build_tool_spec(connector: ChoiceFiles, action: Action) -> dict[str, Any]:
    """Return an action as a tool for a language model, in the shape of the Model Context Protocol.

    `name`, `title`, `description`, `inputSchema`, and `annotations`: readOnlyHint, idempotentHint, destructiveHint. The
    schema has no conditions, which not every model accepts; descriptions state the rules between inputs. It does not
    list more than 25 choices either. The connection is no input: who offers the tool chooses it.
    """
    schemas = ObjectSchemas(partial(_build_tool_properties, connector), has_conditions=False)
    reply_help = f" Returns: {action.returns.help}" if action.returns.help else ""
    return {
        "name": to_snake_case(action.action),
        "title": action.label,
        "description": " ".join([action.summary, *_describe_deprecation(action)]) + reply_help,
        "inputSchema": schemas.close(schemas.build_group(action)),
        "annotations": {
            "readOnlyHint": action.is_read,
            "idempotentHint": not (action.is_raw or action.is_write),
            "destructiveHint": action.is_raw or action.is_destructive,
        },
    }


def _describe_deprecation(item: Action | InputField) -> list[str]:
    return [item.deprecated.describe()] if item.deprecated else []


def build_doc_rows(connector: ChoiceFiles, action: Action) -> list[DocRow]:
    """Return the rows of an action's inputs in the order of its file, then connection and debugRequest."""
    doc_rows = list(_build_input_rows(connector, action, "", {}))
    for (key, label, help_text), type_name, default in (
        (CONNECTION_INPUT, "connection", ""),
        (DEBUG_INPUT, "boolean", "false"),
    ):
        doc_rows.append(
            DocRow(key, label, type_name, required=not default, default=default, notes=help_text, example="")
        )
    return doc_rows


def _build_input_rows(
    connector: ChoiceFiles, group: InputGroup, prefix: str, shown_types: dict[str, str]
) -> Iterator[DocRow]:
    """Yield the row of each input, and below it those of its members, named as the columns of a table name them.

    `shown_types` are the named types whose members have rows already, each with the input that has them.
    """
    for key, field in group.inputs.items():
        notes = [*_describe_relations(group, key, field), *_describe_aliases(field)]
        place = {"object": "", "list of object": "0.", "map of object": "NAME."}.get(field.type, "")
        groups = []
        for variant, holder in ((None, field), *((variant, variant) for variant in (field.variants or {}).values())):
            known = shown_types.get(holder.type_name or "")
            of_variant = f" of {holder.label}" if variant else ""
            if known is not None:
                notes.append(f"The members{of_variant} are those of {known}.")
            elif field.members:
                shown_types.update({holder.type_name: prefix + key} if holder.type_name else {})
                groups.append((variant, holder.declared))
        if field.variants:
            notes.append(f"One of {describe_variants(field)}.")
        yield build_doc_row(connector, prefix + key, field, notes)
        for variant, members in groups:
            inner = replace(MemberGroup.build(field, group.method, variant), inputs=members)
            for row in _build_input_rows(connector, inner, f"{prefix}{key}.{place}", shown_types):
                yield row if variant is None else replace(row, notes=f"{row.notes} Of {variant.label}.")


def build_doc_row(connector: ChoiceFiles, key: str, field: FormField, extra_notes: list[str] | None = None) -> DocRow:
    """Return the row of one field of an action, connection or trigger, with `extra_notes` appended."""
    shown_value = field.default if field.has_default else field.suggest
    return DocRow(
        key=key,
        label=field.label,
        type=field.type,
        required=field.required,
        default=format_value(shown_value),
        notes=" ".join([*_describe_field(connector, field), *(extra_notes or [])]),
        example=format_value(field.example),
    )


def _list_connection_types(connector: ChoiceFiles, action: Action) -> list[str]:
    connection_types = connector.manifest.connections
    allowed = action.connections or list(connection_types)
    return [
        kind
        for kind in allowed
        if kind in connection_types and action.action in (connection_types[kind].allowed_actions or [action.action])
    ]


def _build_properties(connector: ChoiceFiles, schemas: ObjectSchemas, group: InputGroup) -> dict[str, Any]:
    """Return the schemas of the inputs of a form."""
    return {key: _build_property(connector, schemas, group, key) for key in group.inputs}


def _build_property(connector: ChoiceFiles, schemas: ObjectSchemas, group: InputGroup, key: str) -> dict[str, Any]:
    field = group.inputs[key]
    return build_form_words(connector, field, schemas.build(key, field, group.method))


def build_form_words(connector: ChoiceFiles, field: InputField, one: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of one input in a form; `one` is the schema of one object, where members are declared."""
    schema: dict[str, Any] = {
        "title": field.label,
        "description": field.help,
        **field_schema.build_field_schema(field, _collect_choices(connector, field), one),
    }
    if field.has_default:
        schema["default"] = field.default
    if field.suggest is not None:
        schema["x-suggest"] = field.suggest
    if field.example is not None and not field.secret:
        schema["examples"] = [field.example]
    if field.group:
        schema["x-group"] = field.group
    if field.hidden:
        schema["x-hidden"] = True
    if field.choices_from:
        schema["x-choices-from"] = field.choices_from.model_dump()
    return schema


def _collect_choices(connector: ChoiceFiles, field: FormField) -> dict[Any, str]:
    return {**field.typed_choices, **(connector.choices(field.choices_file) if field.choices_file else {})}


def _build_tool_properties(connector: ChoiceFiles, schemas: ObjectSchemas, group: InputGroup) -> dict[str, Any]:
    """Return the schemas of the inputs that forms show."""
    return {
        key: _build_tool_property(connector, schemas, group, key)
        for key, field in group.inputs.items()
        if not field.hidden
    }


def _build_tool_property(connector: ChoiceFiles, schemas: ObjectSchemas, group: InputGroup, key: str) -> dict[str, Any]:
    """Return the schema of an input, short: its description does not repeat what the schema says."""
    field = group.inputs[key]
    choices, one = _collect_choices(connector, field), schemas.build(key, field, group.method)
    schema = {
        keyword: value
        for keyword, value in field_schema.build_field_schema(field, {}, one).items()
        if not keyword.startswith("x-") and (keyword != "pattern" or field.pattern)
    }
    if 0 < len(choices) <= _MAX_LISTED_CHOICES and not field.allow_other:
        (schema["items"] if field.is_list else schema)["enum"] = list(choices)
    if field.has_default:
        schema["default"] = field.default
    sentences = [field.help, *_describe_tool_choices(field, choices)]
    if field.type in _PATTERN_TYPES and field.example is not None:
        sentences.append(f"Such as {format_value(field.example)}.")
    return {"description": " ".join([*sentences, *_describe_relations(group, key, field)]), **schema}


def _describe_tool_choices(field: FormField, choices: Mapping[Any, str]) -> Iterator[str]:
    """Yield the sentence about the choices; of many, a few from the whole length of the list."""
    sentences = list(_describe_choices(field, choices, ""))
    if choices and (len(choices) > _MAX_LISTED_CHOICES or len(sentences[0]) > _MAX_TOOL_CHOICES_LENGTH):
        step = max(1, len(choices) // _SAMPLE_CHOICES)
        samples = dict(list(choices.items())[step // 2 :: step][:_SAMPLE_CHOICES])
        start = "Such as one" if field.allow_other else "One"
        sentences = [f"{start} of {len(choices)} choices, for example {_format_choices(samples)}."]
    yield from sentences


def _describe_field(connector: ChoiceFiles, field: FormField) -> list[str]:
    """Return sentences about a field: its help, choices, limits and how a suggestion works."""
    file_note = f", listed in schemas/choices/{field.choices_file}.json" if field.choices_file else ""
    choices = _collect_choices(connector, field)
    return [field.help, *_describe_choices(field, choices, file_note), *_describe_rules(field)]


def _describe_choices(field: FormField, choices: Mapping[Any, str], long_list_note: str) -> Iterator[str]:
    """Yield the sentence about the choices; `long_list_note` says more of a list that is too long to be repeated."""
    if 0 < len(choices) <= _MAX_LISTED_CHOICES:
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


def _describe_relations(action: InputGroup, key: str, field: InputField) -> Iterator[str]:
    for other, values in field.required_inputs.items():
        alternatives = " or ".join(map(format_value, values or ()))
        yield f"Only when {other} is {alternatives}." if values else f"Only together with {other}."
    if field.conflicting_inputs:
        yield f"Not together with {' or '.join(field.conflicting_inputs)}."
    yield from (_describe_require_one_of(rule) for rule in action.any_of if key in rule.of)


def _describe_aliases(field: InputField) -> Iterator[str]:
    if field.aliases:
        yield f"Also taken as {', '.join(field.aliases)}."
    if field.was:
        yield f"It was {', '.join(field.was)} earlier."
    yield from _describe_deprecation(field)


def _describe_require_one_of(rule: RequireOneOf) -> str:
    condition = " and ".join(f"{key} is {' or '.join(map(format_value, values))}" for key, values in rule.when.items())
    requirement = f"{rule.of[0]} is needed" if len(rule.of) == 1 else f"At least one of {', '.join(rule.of)} is needed"
    return f"{requirement}{f' when {condition}' if condition else ''}."


def format_value(value: Any) -> str:
    """Return a value as a page shows it: a text as it is, other values as JSON, nothing for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
