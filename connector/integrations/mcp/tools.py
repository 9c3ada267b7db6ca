"""The tools that are offered: one for each action, or four for a folder of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp import types

from connector.integrations.mcp.arguments import (
    CONFIRM,
    CONFIRM_SCHEMA,
    FIELDS,
    FIELDS_SCHEMA,
    LIMIT,
    LIMIT_SCHEMA,
    NO_WAIT,
    NO_WAIT_SCHEMA,
)

if TYPE_CHECKING:
    from connector.definition.loader import Connector

MAX_TOOLS = 40  # beyond that many, an agent has less room for its work than for the descriptions
SEARCH, DESCRIBE, READ, WRITE = "search_actions", "describe_action", "read", "write"
CHOICES = "list_choices"

_NAME_SCHEMA = {"type": "string", "description": f"The action's name, as {SEARCH} gives it."}
_INPUTS_SCHEMA = {"type": "object", "description": f"The action's inputs, as {DESCRIBE} gives them."}


def build_action_tool(connector: Connector, name: str) -> types.Tool:
    """Return the tool of an action. Raises InputError for an unknown one, DefinitionError."""
    spec = connector.tool_spec(name)
    hints = spec["annotations"]
    options: dict[str, Any] = {FIELDS: FIELDS_SCHEMA, LIMIT: LIMIT_SCHEMA}
    if hints["destructiveHint"]:
        options[CONFIRM] = CONFIRM_SCHEMA
    if connector.action(name).poll is not None:
        options[NO_WAIT] = NO_WAIT_SCHEMA
    schema = spec["inputSchema"]
    return types.Tool(
        name=spec["name"],
        title=spec["title"],
        description=spec["description"],
        input_schema={**schema, "properties": {**schema["properties"], **options}},
        annotations=types.ToolAnnotations(
            title=spec["title"],
            read_only_hint=hints["readOnlyHint"],
            idempotent_hint=hints["idempotentHint"],
            destructive_hint=hints["destructiveHint"],
            open_world_hint=True,
        ),
    )


def build_catalogue_tools(connector: Connector, count: int, *, read_only: bool) -> list[types.Tool]:
    """Return the tools that find, describe, read and write; without the last one if the server only reads."""
    label = connector.manifest.label
    search = types.Tool(
        name=SEARCH,
        title="Search actions",
        description=f"Find actions of {label} by what they do, in a few words; there are {count:,}.",
        input_schema=_build_schema(
            {"query": {"type": "string", "description": "Such as: schedule a meeting."}}, ["query"]
        ),
        annotations=_build_local_hints("Search actions"),
    )
    describe = types.Tool(
        name=DESCRIBE,
        title="Describe an action",
        description="Get the inputs of one action as JSON Schema, and which tool runs it.",
        input_schema=_build_schema({"name": _NAME_SCHEMA}, ["name"]),
        annotations=_build_local_hints("Describe an action"),
    )
    read = _build_run_tool(READ, f"Read from {label}", "Run an action that only reads. It changes nothing.", {})
    write = _build_run_tool(
        WRITE,
        f"Change {label}",
        "Run an action that creates, changes or deletes something.",
        {CONFIRM: CONFIRM_SCHEMA},
    )
    return [search, describe, read] if read_only else [search, describe, read, write]


def build_choices_tool(connector: Connector) -> types.Tool:
    """Return the tool that lists what an input takes."""
    properties = {
        "name": {"type": "string", "description": "The action's name."},
        "input": {"type": "string", "description": "The input's name."},
        "inputs": {"type": "object", "description": "Inputs that are chosen already, on which the choices may depend."},
        "search": {"type": "string", "description": "Only choices with this text."},
    }
    title = "List choices"
    return types.Tool(
        name=CHOICES,
        title=title,
        description=f"List the values of one input that {connector.manifest.label} knows, with their labels.",
        input_schema=_build_schema(properties, ["name", "input"]),
        annotations=types.ToolAnnotations(
            title=title, read_only_hint=True, idempotent_hint=True, destructive_hint=False, open_world_hint=True
        ),
    )


def _build_run_tool(name: str, title: str, description: str, more_properties: dict[str, Any]) -> types.Tool:
    properties = {
        "name": _NAME_SCHEMA, "inputs": _INPUTS_SCHEMA, FIELDS: FIELDS_SCHEMA, LIMIT: LIMIT_SCHEMA,
        NO_WAIT: NO_WAIT_SCHEMA,
    }  # fmt: skip
    is_read = name == READ
    return types.Tool(
        name=name,
        title=title,
        description=description,
        input_schema=_build_schema({**properties, **more_properties}, ["name"]),
        annotations=types.ToolAnnotations(
            title=title,
            read_only_hint=is_read,
            idempotent_hint=is_read,
            destructive_hint=not is_read,
            open_world_hint=True,
        ),
    )


def _build_schema(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _build_local_hints(title: str) -> types.ToolAnnotations:
    """Return the annotations of a tool that asks nothing of the service."""
    return types.ToolAnnotations(
        title=title, read_only_hint=True, idempotent_hint=True, destructive_hint=False, open_world_hint=False
    )
