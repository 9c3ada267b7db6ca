"""Runs an action for an agent: checked, confirmed, told of as it goes on, and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.definition.action import SAFE_METHODS
from connector.errors import ConnectorError, InputError
from connector.integrations.mcp.answers import build_answer, build_error
from connector.integrations.mcp.arguments import DEFAULT_LIMIT
from connector.integrations.mcp.checks import find_check
from connector.integrations.mcp.confirmation import Confirmation
from connector.integrations.mcp.progress import ListingProgress
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from mcp import types
    from mcp.server.context import ServerRequestContext

    from connector.core.request.builder import Request
    from connector.definition.action import Action
    from connector.integrations.mcp.action_index import ActionIndex
    from connector.integrations.mcp.arguments import ToolArguments
    from connector.runtime.client.async_client import AsyncClient

    Answer = types.CallToolResult | types.InputRequiredResult


class ToolRunner:
    """Runs actions with one client; `is_catalogue` says how an agent reaches them."""

    def __init__(self, client: AsyncClient, index: ActionIndex, *, is_catalogue: bool) -> None:
        self._client = client
        self._index = index
        self._is_catalogue = is_catalogue
        self._confirmation = Confirmation()

    async def run(
        self,
        context: ServerRequestContext[Any],
        params: types.CallToolRequestParams,
        action: Action,
        arguments: ToolArguments,
    ) -> Answer:
        """Run an action, and return its answer, or the question before it. Raises InputError with every problem."""
        request = self._check(action, arguments)
        if _needs_consent(action, request):
            line = f"{request.method} {request.full_redactor.redact_url(request.path)}"
            asked = await self._confirmation.ask(context, params, line, confirmed=arguments.is_confirmed)
            if asked is not None:
                return asked
        try:
            return await self._execute(context, action, arguments)
        except ConnectorError as error:
            return build_error(error, self._describe_check(action, request) if error.outcome == "uncertain" else "")

    def _check(self, action: Action, arguments: ToolArguments) -> Request:
        """Return the request that would be sent. Raises InputError with every problem of inputs and options."""
        try:
            request = self._client.dry_run(action.action, arguments.inputs)
        except InputError as error:
            raise InputError.from_problems(action.action, [*arguments.problems, *error.problems]) from None
        if arguments.problems:
            raise InputError.from_problems(action.action, arguments.problems)
        return request

    async def _execute(
        self, context: ServerRequestContext[Any], action: Action, arguments: ToolArguments
    ) -> types.CallToolResult:
        is_listing = self._client.connector.result_action(action.action).pagination is not None
        limit = None if not is_listing else arguments.limit or DEFAULT_LIMIT
        progress = ListingProgress(context.session, limit)
        try:
            result = await self._client.execute(
                action.action, arguments.inputs, CallOptions(limit=limit, observers=(progress,))
            )
        finally:
            await progress.finish()
        return build_answer(result, arguments, limit)

    def _describe_check(self, action: Action, request: Request) -> str:
        """Return how an agent finds out whether a write was done."""
        check = find_check(self._index.entries.values(), request.path if action.is_raw else action.path)
        if check is None:
            return ""
        tool = f"read (name: {check.name})" if self._is_catalogue else check.name
        return f"check with {tool} before you repeat it."


def _needs_consent(action: Action, request: Request) -> bool:
    """Whether a person has to agree: what destroys, and any change that no definition describes."""
    return action.is_destructive or (action.is_raw and request.method not in SAFE_METHODS)
