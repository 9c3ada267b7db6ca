"""The JSON Schema of call files, of single calls and of chains, with which an editor completes and checks them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connector.core.chain.chain import RESERVED_NAMES
from connector.core.chain.form import MAX_CONCURRENCY, STEP_OPTIONS
from connector.core.exchange.retry import MAX_DELAY_MS, MAX_RETRIES
from connector.definition.forms.describe import build_inputs_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.definition.loader import Connector

_DURATION = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^\d"}]}
_COUNT = {"type": "integer", "minimum": 1}
_RETRY = {
    "type": "object",
    "description": "How the call is repeated.",
    "properties": {
        "maxRetries": {"type": "integer", "minimum": 0, "maximum": MAX_RETRIES},
        "retryDelayMS": {"type": "integer", "minimum": 0, "maximum": MAX_DELAY_MS},
        "useExponentialBackoff": {"type": "boolean"},
        "retryAllErrors": {"type": "boolean"},
    },
    "additionalProperties": False,
}
OPTION_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "connection": {"type": "string", "description": "The name of the connection."},
    "timeout": {**_DURATION, "description": "The time of the whole call: seconds, or a text such as 10s."},
    "retry": _RETRY,
    "account": {"type": "string", "description": "The sub-account to act on."},
    "limit": {**_COUNT, "description": "At most so many items of a listing."},
    "page_size": {**_COUNT, "description": "How many items a page has."},
    "debug": {"type": "boolean", "description": "Log the request, the reply and each attempt, without secrets."},
    "paginate": {"type": "boolean", "description": "Of a raw request: read every page."},
    "items": {"type": "string", "description": "Of a raw request: the path of the list in the reply."},
    "idempotency_key": {"type": "string", "description": "The key with which a repeated write is done once."},
    "no_wait": {"type": "boolean", "description": "Do not wait for the job that the call starts."},
    "max_age": {**_DURATION, "description": "How old a local copy may be to answer, such as 5m."},
    "stale_if_error": {"type": "boolean", "description": "Answer from a copy of any age where the service cannot."},
}
_SHOWN = ("title", "description", "default", "examples", "deprecated")  # of a value, also where it is looked up
_REFERENCE = {
    "type": "object",
    "description": "A value of another place: of a step before this one, of `inputs`, or the item of `each`.",
    "properties": {
        "from": {"type": "string", "description": "The name of a step, `inputs`, or `each`."},
        "query": {"type": "string", "description": "A JMESPath expression (https://jmespath.org)."},
    },
    "required": ["from"],
    "additionalProperties": False,
}
_VARIABLE = {
    "type": "object",
    "description": "The variable of the environment with this name.",
    "properties": {"env": {"type": "string"}},
    "required": ["env"],
    "additionalProperties": False,
}


def build_file_schema(connector: Connector, actions: Iterable[str]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of call files with these actions. Raises InputError for an unknown one.

    Inputs are as forms have them: other spellings of a name or a value run too, and an editor marks them.
    """
    definitions: dict[str, Any] = {"reference": _REFERENCE, "variable": _VARIABLE}
    definitions["elsewhere"] = {"anyOf": [*({"$ref": f"#/$defs/{name}"} for name in definitions), {"type": "null"}]}
    heads = []
    for name in actions:
        action = connector.action(name)
        heads.append({"const": action.action, "title": action.label, "description": action.summary})
        schema = build_inputs_schema(connector, action)
        allow = partial(_allow_references, action=action.action)
        for inner, definition in schema.pop("$defs", {}).items():
            definitions[f"{action.action}.{inner}"] = _map_children(definition, allow)
        definitions[action.action] = _map_children(schema, allow)
    definitions["call"] = _build_call(heads, OPTION_SCHEMAS)
    definitions["step"] = _build_step(heads)
    definitions["chain"] = _build_chain()
    of_calls = {"if": {"type": "array"}, "then": {"items": {"$ref": "#/$defs/call"}}, "else": {"$ref": "#/$defs/call"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Call file of {connector.name}",
        "if": {"type": "object", "required": ["steps"]},
        "then": {"$ref": "#/$defs/chain"},
        "else": of_calls,
        "$defs": definitions,
    }


def _build_call(heads: list[dict[str, Any]], options: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a call; its inputs are those of the action that it names."""
    by_action = [
        {
            "if": {"properties": {"action": {"const": head["const"]}}, "required": ["action"]},
            "then": {"properties": {"inputs": {"$ref": f"#/$defs/{head['const']}"}}},
        }
        for head in heads
    ]
    properties = {
        "action": {"description": "What to run.", "oneOf": heads},
        "inputs": {"type": "object", "description": "The inputs of the action."},
        **options,
    }
    schema = {"type": "object", "properties": properties, "required": ["action"], "additionalProperties": False}
    return {**schema, "allOf": by_action}


def _build_step(heads: list[dict[str, Any]]) -> dict[str, Any]:
    words: dict[str, dict[str, Any]] = {
        "each": {
            "description": "A list, or {from, query} that selects one: the step is run for each item.",
            "anyOf": [{"type": "array"}, {"$ref": "#/$defs/reference"}],
        },
        "concurrency": {
            **_COUNT,
            "maximum": MAX_CONCURRENCY,
            "description": "With `each`: how many calls are under way at once.",
        },
    }
    step = _build_call(heads, {**words, **{name: OPTION_SCHEMAS[name] for name in STEP_OPTIONS}})
    return {**step, "dependentRequired": {"concurrency": ["each"]}}


def _build_chain() -> dict[str, Any]:
    taken = {"not": {"enum": list(RESERVED_NAMES)}, "pattern": r"^[^\W\d]\w*$"}
    steps = {"type": "object", "minProperties": 1, "propertyNames": taken}
    return {
        "type": "object",
        "properties": {
            "inputs": {"type": "object", "description": "Values that the steps share."},
            "steps": {**steps, "additionalProperties": {"$ref": "#/$defs/step"}, "description": "The steps in order."},
            "keep": {
                "type": "object",
                "description": "The result: NAME: {from: STEP, query: JMESPATH}.",
                "minProperties": 1,
                "additionalProperties": {"$ref": "#/$defs/reference"},
            },
            "connection": {"type": "string", "description": "The connection of steps that name no other."},
        },
        "required": ["steps"],
        "additionalProperties": False,
    }


def _allow_references(schema: dict[str, Any], action: str) -> dict[str, Any]:
    """Return the schema of a value that may be none, or taken from elsewhere, at any depth."""
    inner = _map_children(schema, partial(_allow_references, action=action))
    if "$ref" in inner:
        inner["$ref"] = inner["$ref"].replace("#/$defs/", f"#/$defs/{action}.")
    shown = {word: inner.pop(word) for word in _SHOWN if word in inner}
    return {**shown, "if": {"$ref": "#/$defs/elsewhere"}, "else": inner} if inner else shown


def _map_children(schema: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return a schema with the schemas of its members changed; of alternatives, those of their members."""
    changed = dict(schema)
    if "properties" in schema:
        changed["properties"] = {name: change(one) for name, one in schema["properties"].items()}
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            changed[word] = change(schema[word])
    for word in ("oneOf", "anyOf"):
        if word in schema:
            changed[word] = [_map_children(one, change) for one in schema[word]]
    return changed
