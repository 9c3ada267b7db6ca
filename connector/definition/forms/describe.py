"""Descriptions of an action: JSON Schema of its form, tool for language models."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connector.definition.case import to_snake_case
from connector.definition.forms import field_schema
from connector.definition.forms.object_schema import ObjectSchemas
from connector.definition.forms.sentences import (
    MAX_LISTED_CHOICES,
    collect_choices,
    describe_deprecation,
    describe_relations,
    describe_tool_choices,
    format_value,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action
    from connector.definition.fields import InputField
    from connector.definition.forms.sentences import ChoiceFiles
    from connector.definition.inputs.input_group import InputGroup

CONNECTION_INPUT = ("connection", "Connection", "The connection to run it with, by name.")
DEBUG_INPUT = ("debugRequest", "Debug Request", "Log the request, the reply and every attempt, without secrets.")

_PATTERN_TYPES = ("datetime", "date")  # an example tells a model more than the pattern of all forms


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


def build_inputs_schema(connector: ChoiceFiles, action: Action) -> dict[str, Any]:
    """Return the JSON Schema of the inputs alone, without the rules between them: values may not be known yet."""
    schemas = ObjectSchemas(partial(_build_properties, connector), has_conditions=False)
    return schemas.close(schemas.build_group(action))


def build_tool_spec(connector: ChoiceFiles, action: Action) -> dict[str, Any]:
    """Return an action as a tool for a language model, in the shape of the Model Context Protocol.

    `name`, `title`, `description`, `inputSchema`, and `annotations`: readOnlyHint, idempotentHint, destructiveHint. The
    schema has no conditions, which not every model accepts; descriptions state the rules between inputs. It does not
    list more than 25 choices either. The connection is no input: who offers the tool chooses it.
    """
    schemas = ObjectSchemas(partial(_build_tool_properties, connector), has_conditions=False)
    reply_help = f" Returns: {action.last_returns.help}" if action.last_returns.help else ""
    return {
        "name": to_snake_case(action.action),
        "title": action.label,
        "description": " ".join([action.summary, *describe_deprecation(action)]) + reply_help,
        "inputSchema": schemas.close(schemas.build_group(action)),
        "annotations": {
            "readOnlyHint": action.is_read,
            "idempotentHint": not (action.is_raw or action.is_write),
            "destructiveHint": action.is_raw or action.is_destructive,
        },
    }


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
        **field_schema.build_field_schema(field, collect_choices(connector, field), one),
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


def _build_tool_properties(connector: ChoiceFiles, schemas: ObjectSchemas, group: InputGroup) -> dict[str, Any]:
    """Return the schemas of the inputs that forms show, and of those without which nothing can be run."""
    return {
        key: _build_tool_property(connector, schemas, group, key)
        for key, field in group.inputs.items()
        if field.required or not field.hidden
    }


def _build_tool_property(connector: ChoiceFiles, schemas: ObjectSchemas, group: InputGroup, key: str) -> dict[str, Any]:
    """Return the schema of an input, short: its description does not repeat what the schema says."""
    field = group.inputs[key]
    choices, one = collect_choices(connector, field), schemas.build(key, field, group.method)
    schema = {
        keyword: value
        for keyword, value in field_schema.build_field_schema(field, {}, one).items()
        if not keyword.startswith("x-") and (keyword != "pattern" or field.pattern)
    }
    if 0 < len(choices) <= MAX_LISTED_CHOICES and not field.allow_other:
        (schema["items"] if field.is_list else schema)["enum"] = list(choices)
    if field.has_default:
        schema["default"] = field.default
    sentences = [field.help, *describe_tool_choices(field, choices)]
    if field.type in _PATTERN_TYPES and field.example is not None:
        sentences.append(f"Such as {format_value(field.example)}.")
    return {"description": " ".join([*sentences, *describe_relations(group, key, field)]), **schema}
