"""Runs an action for an agent: checked, confirmed, told of as it goes on, and answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.definition.action import SAFE_METHODS
from connector.definition.case import to_snake_case
from connector.definition.forms.checking_action import find_check
from connector.errors import ConnectorError, InputError
from connector.integrations.mcp.answers import build_answer, build_error
from connector.integrations.mcp.arguments import DEFAULT_LIMIT
from connector.integrations.mcp.confirmation import Confirmation
from connector.integrations.mcp.progress import ListingProgress
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp import types
    from mcp.server.context import ServerRequestContext

    from connector.core.request.builder import Request
    from connector.core.response.result import Result
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
        *,
        name: str,
    ) -> Answer:
        """Run an action, and return its answer, or the question before it. Raises InputError with every problem.

        `name` is what the agent calls it: an earlier name is told in the answer.
        """
        request = self._check(action, arguments)
        if _needs_consent(action, request):
            line = f"{request.method} {request.full_redactor.redact_url(request.path)}"
            asked = await self._confirmation.ask(context, params, line, confirmed=arguments.is_confirmed)
            if asked is not None:
                return asked
        try:
            return await self._execute(context, name, action, arguments)
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
        self, context: ServerRequestContext[Any], name: str, action: Action, arguments: ToolArguments
    ) -> types.CallToolResult:
        listing = action if arguments.no_wait else self._client.connector.result_action(action.action)
        is_listing = listing.pagination is not None
        limit = None if not is_listing else arguments.limit or DEFAULT_LIMIT
        progress = ListingProgress(context.session, limit)
        try:
            result = await self._client.execute(
                name,
                arguments.inputs,
                CallOptions(limit=limit, observers=(progress,), no_wait=arguments.no_wait),
            )
        finally:
            await progress.finish()
        job_note = self._describe_job(action, result) if arguments.no_wait else ""
        return build_answer(result, arguments, limit, job_note)

    def _describe_job(self, action: Action, started: Result) -> str:
        """Return how an agent looks for a job that was started."""
        poll, then = action.poll, action.then
        if poll is None or started.job is None:
            return "The job was started, and goes on at the service: do not start it again."
        states = (*poll.until.items(), *poll.failed.items())
        ends = [f"{path} is {' or '.join(map(str, values))}" for path, values in states]
        asked = self._name_tool(poll.action, started.job["inputs"])
        results = f" Then read its results with {self._name_tool(then.action)}." if then is not None else ""
        return (
            f"The job was started; do not start it again. Ask for it with {asked} until {' or '.join(ends)}.{results}"
        )

    def _name_tool(self, key: str, inputs: Mapping[str, Any] | None = None) -> str:
        name, given = to_snake_case(key), "" if inputs is None else json.dumps(inputs, ensure_ascii=False)
        if self._is_catalogue:
            return f"read (name: {name}{', inputs: ' if given else ''}{given})"
        return f"{name} {given}".rstrip()

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
