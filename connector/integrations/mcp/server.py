"""The server of a connector: its tools, resources and prompts, for one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp import types
from mcp.server import Server
from mcp.shared.exceptions import MCPError

from connector._version import __version__
from connector.errors import ConnectorError
from connector.integrations.mcp import pages
from connector.integrations.mcp.action_index import ActionIndex
from connector.integrations.mcp.pages import ActionPages
from connector.integrations.mcp.toolbox import Toolbox

if TYPE_CHECKING:
    from collections.abc import Collection

    from mcp.server.context import ServerRequestContext

    from connector.runtime.client.async_client import AsyncClient

    Context = ServerRequestContext[Any]

_INSTRUCTIONS = """{summary}
Ask for the fields that you need alone with _fields, and for few items with _limit. Bad input is answered with every
problem at once. Where an answer says that something may have been done, check it before you repeat the call."""
_READ_ONLY = "This server only reads."
_CATALOGUE = (
    "Find an action with search_actions, look up its inputs with describe_action, then run it with read or write."
)


class ConnectorServer:
    """A connector for agents; `client` has the connection, which no tool can choose.

    `groups` are those of `connector list`; with `read_only`, only actions that change nothing are offered. Raises
    UsageError for an unknown group, DefinitionError for an invalid file that is needed now.
    """

    def __init__(self, client: AsyncClient, *, groups: Collection[str] = (), read_only: bool = False) -> None:
        self._connector = client.connector
        self._index = ActionIndex(client.connector, groups=groups, read_only=read_only)
        self.toolbox = Toolbox(client, self._index)
        self._pages = ActionPages(client.connector, self._index, is_catalogue=self.toolbox.is_catalogue)
        _ = self.toolbox.tools  # an invalid file is told when the server starts

    def build(self) -> Server[Any]:
        """Return the protocol's server, to serve over stdio or HTTP."""
        manifest = self._connector.manifest
        return Server(
            self._connector.name,
            version=__version__,
            title=manifest.label,
            description=manifest.summary,
            instructions=self._format_instructions(),
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
        )

    def _format_instructions(self) -> str:
        parts = [_INSTRUCTIONS.format(summary=self._connector.manifest.summary)]
        parts += [_READ_ONLY] * self._index.read_only + [_CATALOGUE] * self.toolbox.is_catalogue
        return "\n".join(parts)

    async def _list_tools(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=self.toolbox.tools)

    async def _call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        return await self.toolbox.call(context, params)

    async def _list_resources(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=self._pages.list_resources())

    async def _list_templates(
        self, _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=self._pages.list_templates())

    async def _read_resource(self, _: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            text = self._pages.read(params.uri)
        except ConnectorError as error:
            raise MCPError(types.INTERNAL_ERROR, str(error)) from None
        contents = types.TextResourceContents(uri=params.uri, mime_type="text/plain", text=text)
        return types.ReadResourceResult(contents=[contents])

    async def _list_prompts(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=pages.list_prompts())

    async def _get_prompt(self, _: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return pages.build_prompt(self._connector, params.name, params.arguments or {})
