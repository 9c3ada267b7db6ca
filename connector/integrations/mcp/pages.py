"""What an agent may read beside the tools: the pages of actions as resources, and prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp import types
from mcp.shared.exceptions import MCPError

from connector.definition.case import to_snake_case
from connector.definition.forms import input_rows
from connector.definition.forms.describe import CONNECTION_INPUT, DEBUG_INPUT
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.integrations.mcp.action_index import ActionIndex

_TEXT = "text/plain"
_RUN_OPTIONS = (CONNECTION_INPUT[0], DEBUG_INPUT[0])  # which an agent cannot give


class ActionPages:
    """The resources of a server: the list of its actions, and a page of each; many actions are reached by template."""

    def __init__(self, connector: Connector, index: ActionIndex, *, is_catalogue: bool) -> None:
        self._connector = connector
        self._index = index
        self._is_catalogue = is_catalogue
        self._root = f"connector://{connector.name}/actions"

    def list_resources(self) -> list[types.Resource]:
        """Return the list of actions, and the pages of few actions."""
        label = self._connector.manifest.label
        listing = types.Resource(
            uri=self._root,
            name="actions",
            title=f"Actions of {label}",
            description="One line for each.",
            mime_type=_TEXT,
        )
        entries = () if self._is_catalogue else self._index.entries.values()
        pages = [
            types.Resource(
                uri=f"{self._root}/{entry.name}",
                name=entry.name,
                title=entry.label,
                description=entry.summary,
                mime_type=_TEXT,
            )
            for entry in entries
        ]
        return [listing, *pages]

    def list_templates(self) -> list[types.ResourceTemplate]:
        """Return the template of a page."""
        return [
            types.ResourceTemplate(
                uri_template=f"{self._root}/{{name}}",
                name="action",
                title="An action",
                description="Its inputs, limits and example.",
                mime_type=_TEXT,
            )
        ]

    def read(self, uri: str) -> str:
        """Return the text of a resource. Raises MCPError for an unknown one."""
        if uri == self._root:
            return "\n".join(f"{entry.name}: {entry.summary}" for entry in self._index.entries.values())
        root, _, name = uri.rpartition("/")
        try:
            action = self._connector.action(name) if root == self._root else None
        except ConnectorError:
            action = None
        if action is None or not self._index.may_use(action):
            raise MCPError(types.INVALID_PARAMS, f"There is no resource {uri!r}; {self._root} lists the actions.")
        return format_page(self._connector, action)


def format_page(connector: Connector, action: Action) -> str:
    """Return an action as text: what it does, what it takes, and what comes back."""
    lines = [f"{action.label} ({to_snake_case(action.action)})", action.summary, f"Request: {action.request}"]
    returns = connector.result_action(action.action).returns
    if returns.help:
        lines.append(f"Returns: {returns.help}")
    if action.docs:
        lines.append(f"Documentation of the service: {action.docs}")
    lines.append("Inputs:")
    for row in input_rows.build_doc_rows(connector, action):
        if row.key in _RUN_OPTIONS:
            continue
        facts = [
            row.type,
            *(["required"] if row.required else []),
            *([f"default {row.default}"] if row.default else []),
        ]
        example = f" Such as {row.example}." if row.example else ""
        lines.append(f"- {row.key} ({', '.join(facts)}): {row.notes}{example}")
    return "\n".join(lines)


_TASK_TEXT = """Do this with the tools of {label}: {task}

Read what you need before you change anything, and use the ids that you read, never ones that you guess. Ask for the
fields that you need alone. Say what you are about to change before you change it. Where an answer says that something
may have been done, check it before you repeat it. In the end, say what was done and what was not."""
_CHECK_TEXT = """A call of {action} to {label} ended without a reply, so it may have been done: {inputs}

Find out with tools that only read whether it was done, and say how you know. Repeat it only if it was not done."""
_PROMPTS = {
    "carry_out": (
        _TASK_TEXT,
        types.Prompt(
            name="carry_out",
            title="Carry out a task",
            description="Do something with care: read first, change what was asked for, and tell what was done.",
            arguments=[types.PromptArgument(name="task", description="What is to be done.", required=True)],
        ),
    ),
    "settle_uncertain": (
        _CHECK_TEXT,
        types.Prompt(
            name="settle_uncertain",
            title="Settle an uncertain call",
            description="Find out whether a call whose reply was lost has been done.",
            arguments=[
                types.PromptArgument(name="action", description="The action that was called.", required=True),
                types.PromptArgument(name="inputs", description="Its inputs, as far as they are known."),
            ],
        ),
    ),
}


def list_prompts() -> list[types.Prompt]:
    """Return the prompts."""
    return [prompt for _, prompt in _PROMPTS.values()]


def build_prompt(connector: Connector, name: str, given: Mapping[str, str]) -> types.GetPromptResult:
    """Return the text of a prompt. Raises MCPError for an unknown one, or without a required argument."""
    if name not in _PROMPTS:
        raise MCPError(types.INVALID_PARAMS, f"There is no prompt {name!r}; the prompts are {', '.join(_PROMPTS)}.")
    template, prompt = _PROMPTS[name]
    missing = [entry.name for entry in prompt.arguments or () if entry.required and not given.get(entry.name)]
    if missing:
        raise MCPError(types.INVALID_PARAMS, f"The prompt {name} needs {', '.join(missing)}.")
    values = {entry.name: given.get(entry.name) or "not known" for entry in prompt.arguments or ()}
    text = template.format(label=connector.manifest.label, **values)
    message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
    return types.GetPromptResult(description=prompt.description, messages=[message])
