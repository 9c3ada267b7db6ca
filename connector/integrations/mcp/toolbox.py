"""The toolbox of one server: lists its tools, and runs the one that an agent calls."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.core.redaction import preview
from connector.definition.case import to_snake_case
from connector.definition.suggest import did_you_mean
from connector.errors import ConnectorError, InputError, Problem, UsageError
from connector.integrations.mcp import tools
from connector.integrations.mcp.answers import build_error, build_refusal, build_text_answer
from connector.integrations.mcp.arguments import CONFIRM, FIELDS, LIMIT, NO_WAIT, ToolArguments
from connector.integrations.mcp.choices import list_choices
from connector.integrations.mcp.runner import ToolRunner
from connector.integrations.mcp.search import ActionSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp import types
    from mcp.server.context import ServerRequestContext

    from connector.definition.action import Action
    from connector.definition.forms.action_heads import ActionHead
    from connector.integrations.mcp.action_index import ActionIndex
    from connector.integrations.mcp.runner import Answer
    from connector.runtime.client.async_client import AsyncClient

_OPTIONS = (FIELDS, LIMIT, CONFIRM, NO_WAIT)


class Toolbox:
    """The tools of a connector; `is_catalogue` if four of them reach all of its actions."""

    def __init__(self, client: AsyncClient, index: ActionIndex) -> None:
        self._client = client
        self._connector = client.connector
        self._index = index
        self.is_catalogue = index.count() > tools.MAX_TOOLS
        self._runner = ToolRunner(client, index, is_catalogue=self.is_catalogue)

    @cached_property
    def tools(self) -> list[types.Tool]:
        """The tools. Raises DefinitionError."""
        more_tools = [tools.build_choices_tool(self._connector)] if self._index.has_live_choices else []
        if self.is_catalogue:
            count, read_only = self._index.count(), self._index.read_only
            return [*tools.build_catalogue_tools(self._connector, count, read_only=read_only), *more_tools]
        entries = self._index.entries.values()
        return [*(tools.build_action_tool(self._connector, entry.action) for entry in entries), *more_tools]

    async def call(self, context: ServerRequestContext[Any], params: types.CallToolRequestParams) -> Answer:
        """Call a tool; whatever is wrong with the call is its answer."""
        try:
            return await self._dispatch(context, params)
        except ConnectorError as error:
            return build_error(error)
        except Exception as error:  # noqa: BLE001  its text may hold a secret, so the agent gets its type alone
            return build_refusal(
                f"Internal error: {type(error).__name__}. It may have been done: check before you repeat it."
            )

    async def _dispatch(self, context: ServerRequestContext[Any], params: types.CallToolRequestParams) -> Answer:
        given = params.arguments or {}
        if params.name == tools.CHOICES and tools.CHOICES not in self._index.entries and tools.CHOICES in self._names:
            return await list_choices(self._client, self._index, self._find_action(_read_text(given, "name")), given)
        if not self.is_catalogue:
            action = self._find_action(params.name)
            return await self._runner.run(context, params, action, ToolArguments.parse(given), name=params.name)
        if params.name == tools.SEARCH:
            return self._search(given)
        if params.name == tools.DESCRIBE:
            return self._describe(given)
        if params.name in (tools.READ, tools.WRITE) and params.name in self._names:
            return await self._run_named(context, params, given)
        raise UsageError(f"There is no tool {params.name!r}.", hint=f"The tools are {', '.join(self._names)}.")

    @cached_property
    def _names(self) -> list[str]:
        return [tool.name for tool in self.tools]

    def _find_action(self, name: str) -> Action:
        """Return an action that is offered. Raises UsageError."""
        try:
            action = self._connector.action(name)
        except InputError:
            hint = f"{tools.SEARCH} finds actions by what they do." if self.is_catalogue else "See the list of tools."
            suggestion = did_you_mean(to_snake_case(name), self._index.entries)
            raise UsageError(f"There is no action {preview(name)}.{suggestion}", hint=hint) from None
        if not self._index.may_use(action):
            reason = (
                "this server only reads" if self._index.read_only and not action.is_read else "it is of another group"
            )
            hint = "Who starts the server decides this, with --read-only and --only."
            raise UsageError(f"{to_snake_case(action.action)} is not offered: {reason}. Nothing was sent.", hint=hint)
        return action

    async def _run_named(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams, given: Mapping[str, Any]
    ) -> Answer:
        """Run the action that the arguments of read or write name."""
        name = _read_text(given, "name")
        action = self._find_action(name)
        if params.name == tools.READ and not action.is_read:
            message = f"{to_snake_case(action.action)} changes something. Nothing was sent."
            raise UsageError(message, hint=f"Call it with {tools.WRITE}." if tools.WRITE in self._names else "")
        inputs = given.get("inputs") or {}
        problems = [
            Problem(key, preview(value), "name, inputs and options alone", "put the inputs of the action into inputs")
            for key, value in given.items()
            if key not in ("name", "inputs", *_OPTIONS)
        ]
        if not isinstance(inputs, dict):
            problems.append(Problem("inputs", preview(inputs), "an object of inputs", f"see {tools.DESCRIBE}"))
            inputs = {}
        options = {key: given[key] for key in _OPTIONS if key in given}
        arguments = ToolArguments.parse({**inputs, **options}, problems)
        return await self._runner.run(context, params, action, arguments, name=name)

    @cached_property
    def _action_search(self) -> ActionSearch:
        return ActionSearch(self._connector, self._index.entries.values())

    def _search(self, given: Mapping[str, Any]) -> types.CallToolResult:
        query = _read_text(given, "query")
        found = [self._index.entries[name] for name in self._action_search.find(query)]
        rows = [{"name": entry.name, "summary": entry.summary, "tool": _tool_of(entry)} for entry in found]
        lines = [f"{row['name']} ({row['tool']}): {row['summary']}" for row in rows]
        nothing = "Nothing was found. Try other words: what is done, and to what."
        return build_text_answer("\n".join(lines) or nothing, {"actions": rows})

    def _describe(self, given: Mapping[str, Any]) -> types.CallToolResult:
        action = self._find_action(_read_text(given, "name"))
        spec = self._connector.tool_spec(action.action)
        spec["tool"] = tools.READ if action.is_read else tools.WRITE
        return build_text_answer(json.dumps(spec, ensure_ascii=False), spec)


def _tool_of(entry: ActionHead) -> str:
    return tools.READ if entry.is_read else tools.WRITE


def _read_text(given: Mapping[str, Any], name: str) -> str:
    """Return an argument that is a text. Raises InputError."""
    value = given.get(name)
    if isinstance(value, str) and value.strip():
        return value
    got = preview(value) if name in given else "nothing"
    raise InputError.from_problems("arguments", [Problem(name, got, "a text: it is required")])
