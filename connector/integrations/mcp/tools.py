"""The tools that are offered: one for each action, or four for a folder of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp import types

from connector.integrations.mcp.arguments import CONFIRM, CONFIRM_SCHEMA, FIELDS, FIELDS_SCHEMA, LIMIT, LIMIT_SCHEMA

if TYPE_CHECKING:
    from connector.definition.loader import Connector

MAX_TOOLS = 40  # beyond that many, an agent has less room for its work than for the descriptions
SEARCH, DESCRIBE, READ, WRITE = "search_actions", "describe_action", "read", "write"

_NAME_SCHEMA = {"type": "string", "description": f"The action's name, as {SEARCH} gives it."}
_INPUTS_SCHEMA = {"type": "object", "description": f"The action's inputs, as {DESCRIBE} gives them."}


def build_action_tool(connector: Connector, name: str) -> types.Tool:
    """Return the tool of an action. Raises InputError for an unknown one, DefinitionError."""
    spec = connector.tool_spec(name)
    hints = spec["annotations"]
    options: dict[str, Any] = {FIELDS: FIELDS_SCHEMA, LIMIT: LIMIT_SCHEMA}
    if hints["destructiveHint"]:
        options[CONFIRM] = CONFIRM_SCHEMA
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
    run_properties = {"name": _NAME_SCHEMA, "inputs": _INPUTS_SCHEMA, FIELDS: FIELDS_SCHEMA, LIMIT: LIMIT_SCHEMA}
    read = types.Tool(
        name=READ,
        title=f"Read from {label}",
        description="Run an action that only reads. It changes nothing.",
        input_schema=_build_schema(run_properties, ["name"]),
        annotations=types.ToolAnnotations(
            title=f"Read from {label}",
            read_only_hint=True,
            idempotent_hint=True,
            destructive_hint=False,
            open_world_hint=True,
        ),
    )
    write = types.Tool(
        name=WRITE,
        title=f"Change {label}",
        description="Run an action that creates, changes or deletes something.",
        input_schema=_build_schema({**run_properties, CONFIRM: CONFIRM_SCHEMA}, ["name"]),
        annotations=types.ToolAnnotations(
            title=f"Change {label}",
            read_only_hint=False,
            idempotent_hint=False,
            destructive_hint=True,
            open_world_hint=True,
        ),
    )
    return [search, describe, read] if read_only else [search, describe, read, write]


def _build_schema(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _build_local_hints(title: str) -> types.ToolAnnotations:
    """Return the annotations of a tool that asks nothing of the service."""
    return types.ToolAnnotations(
        title=title, read_only_hint=True, idempotent_hint=True, destructive_hint=False, open_world_hint=False
    )
